/**
 * Node's HTTP module. An `import` of it reads all its exports, and one of them, WebSocket, loads the whole of undici: 40 ms in each process. So it is
 * not imported.
 */
export const http = process.getBuiltinModule('node:http');
