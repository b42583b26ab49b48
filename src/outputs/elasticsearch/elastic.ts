// The only file that imports @elastic/elasticsearch: the client, and the classes that it lets users extend (connections, their
// pool, the transport).
export { BaseConnection, BaseConnectionPool, Client, Transport, errors } from "@elastic/elasticsearch";
export type { ClientOptions } from "@elastic/elasticsearch";
