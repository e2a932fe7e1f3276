/**
 * Opens a page in Chromium, without a network, and prints what is seen of it as JSON. A program of its own, since
 * playwright wants more rights than tests have: `deno run --allow-all look_at_page.ts FILE CHROMIUM [DIRECTORY]`.
 */

import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

export interface Sight {
  readonly viewport: number;
  readonly colorScheme: string;
  /** How wide the page is; more than the viewport: it scrolls to the side. */
  readonly width: number;
  readonly background: string;
  /** Texts whose colour differs too little from what is behind them. */
  readonly faint: readonly string[];
}

export interface Looked {
  readonly title: string;
  readonly heading: string;
  /** Messages of its console, errors, and what it asked for beside itself. */
  readonly told: readonly string[];
  readonly scripts: number;
  /** What the global `hacked` is. */
  readonly hacked: string;
  readonly lanes: readonly string[];
  readonly badges: readonly string[];
  readonly sights: readonly Sight[];
}

const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

const VIEWPORTS = [{ width: 375, height: 720 }, { width: 1280, height: 800 }];

/** The least contrast of text that WCAG asks for at level AA. */
const LEAST_CONTRAST = 4.5;

/** In the page: texts with less contrast than that. */
const FAINT_TEXT = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (color) => color.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, index) => sum + v * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const color = channels(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: element, textContent } = walker.currentNode;
    if (textContent.trim() === "" || element.getClientRects().length === 0) continue;
    const [one, other] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < ${LEAST_CONTRAST}) faint.push(textContent.trim().slice(0, 40) + " " + contrast.toFixed(2));
  }
  return faint;
})()`;

const [file, executablePath, directory] = Deno.args;
const browser = await chromium.launch({ executablePath: executablePath!, args: FLAGS });
const context = await browser.newContext({ offline: true });
const page = await context.newPage();
const url = pathToFileURL(file!).href;
const told: string[] = [];
page.on("console", (message) => told.push(message.text()));
page.on("pageerror", (error) => told.push(error.message));
page.on("request", (request) => {
  if (request.url() !== url) told.push(request.url());
});
await page.goto(url);
await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");

const sights: Sight[] = [];
for (const viewport of VIEWPORTS) {
  await page.setViewportSize(viewport);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    sights.push({
      viewport: viewport.width,
      colorScheme,
      width: await page.evaluate("document.documentElement.scrollWidth"),
      background: await page.evaluate("getComputedStyle(document.body).backgroundColor"),
      faint: await page.evaluate(FAINT_TEXT),
    });
    if (directory !== undefined) {
      await page.screenshot({ path: `${directory}/${colorScheme}_${viewport.width}.png`, fullPage: true });
    }
  }
}
const looked: Looked = {
  title: await page.title(),
  heading: await page.locator("h1").innerText(),
  told,
  scripts: await page.evaluate("document.scripts.length"),
  hacked: await page.evaluate("typeof hacked"),
  lanes: await page.locator(".lane").allInnerTexts(),
  badges: await page.locator(".badge").allInnerTexts(),
  sights,
};
console.log(JSON.stringify(looked));
await browser.close();
