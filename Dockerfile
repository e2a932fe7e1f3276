# The executable on a distroless base: the C library, certificates, time zones, and a user who is not root.
#
#   docker build --tag pgmigrate .
#   docker run --rm --env DATABASE_URL --volume ./migrations:/migrations:ro pgmigrate up
FROM denoland/deno:debian-2.9.6 AS build
WORKDIR /build
COPY deno.json deno.lock main.ts ./
COPY src src
COPY scripts scripts
COPY lint lint
RUN deno task compile

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/dist/pgmigrate /usr/local/bin/pgmigrate
COPY LICENSE /usr/share/doc/pgmigrate/LICENSE
WORKDIR /
ENTRYPOINT ["/usr/local/bin/pgmigrate"]
CMD ["--help"]
