# spillway in a container: the bundle, one native package, nothing that builds. Reads what is mounted, writes only its
# state directory:
#   docker run -v /etc/spillway:/etc/spillway:ro -v /var/log:/var/log:ro -v spillway:/var/lib/spillway spillway
# Logs that only root may read need `--user 0 --cap-drop all --cap-add dac_read_search`.

FROM node:26-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY src src
COPY scripts scripts
RUN npm run build
# Of the native package only what this machine loads.
RUN cd node_modules/better-sqlite3 \
 && rm -r deps src \
 && find prebuilds -type f ! -name "linux-$(node -p process.arch).node" -delete

FROM node:26-bookworm-slim
WORKDIR /opt/spillway
COPY package.json LICENSE ./
COPY bin bin
COPY config config
COPY --from=build /app/dist dist
COPY --from=build /app/node_modules/better-sqlite3 node_modules/better-sqlite3
RUN ln -s /opt/spillway/bin/spillway.js /usr/local/bin/spillway \
 && install -d -o 1000 -g 1000 -m 0700 /var/lib/spillway
VOLUME /var/lib/spillway
USER 1000:1000
# Fails while the loops of the agent stand still, never because Elasticsearch is away.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["node", "-e", "require('node:http').get('http://127.0.0.1:9650/healthz', (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["spillway"]
CMD ["run"]
