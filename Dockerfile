# spillway in a container: Node, the libraries that it is linked with, and the bundle. No shell, no package manager, nothing
# that builds. Reads what is mounted, writes only its state directory:
#   docker run --read-only -v /etc/spillway:/etc/spillway:ro -v /var/log:/var/log:ro -v spillway:/var/lib/spillway spillway
# Logs that only root may read need `--user 0 --cap-drop all --cap-add dac_read_search`.

FROM node:26-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY src src
COPY scripts scripts
# The completions know its codes.
COPY docs/errors.md docs/
RUN npm run build
COPY bin bin
COPY config config
COPY LICENSE ./
# What the image holds, put together below /image: of the addons the one for this machine.
RUN mkdir -p /image/opt/spillway /image/usr/local/bin /image/etc/ssl/certs /image/var/lib/spillway /image/tmp \
 && find dist/prebuilds -type f ! -name "linux-$(node -p process.arch).node" -delete \
 && cp -r package.json LICENSE bin config dist docs /image/opt/spillway/ \
 && strip --strip-unneeded -o /image/usr/local/bin/node "$(command -v node)" \
 && cp --parents -L $(ldd /image/usr/local/bin/node | grep -o '/[^ ]*') /image/ \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && sed -i '1s|.*|#!/usr/local/bin/node|' /image/opt/spillway/bin/spillway.js \
 && ln -s /opt/spillway/bin/spillway.js /image/usr/local/bin/spillway \
 && chmod 1777 /image/tmp && chmod 0700 /image/var/lib/spillway && chown 1000:1000 /image/var/lib/spillway

FROM scratch
COPY --from=build /image /
ENV PATH=/usr/local/bin
VOLUME /var/lib/spillway
USER 1000:1000
# Fails while the loops of the agent stand still, never because Elasticsearch is away; finds the address by itself.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["spillway", "health"]
ENTRYPOINT ["spillway"]
CMD ["run"]
