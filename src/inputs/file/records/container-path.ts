// Derives fields from the path of a container's log, as the kubelet names the files and the links to them.

const PODS = /\/pods\/([^/_]+)_([^/_]+)_([^/_]+)\/([^/]+)\/\d+\.log[^/]*$/;
const CONTAINERS = /\/containers\/([^/_]+)_([^/_]+)_([^/]+)-[0-9a-f]{64}\.log[^/]*$/;

/** Constant fields of the documents; empty for other paths. */
export function containerFields(path: string): Readonly<Record<string, string>> {
  const [, namespace, pod, uid, container] = PODS.exec(path) ?? [];
  if (namespace && pod && uid && container) {
    return {
      "kubernetes.namespace": namespace,
      "kubernetes.pod.name": pod,
      "kubernetes.pod.uid": uid,
      "container.name": container,
    };
  }
  const [, name, space, inner] = CONTAINERS.exec(path) ?? [];
  if (!name || !space || !inner) return {};
  return { "kubernetes.namespace": space, "kubernetes.pod.name": name, "container.name": inner };
}
