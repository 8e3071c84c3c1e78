"""A JSON-RPC 2.0 server, a line each: prints its port, and answers sleepers when they wake."""

import json
import socketserver
import threading
import time


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.mute = False
        self.lock = threading.Lock()
        print("connected", flush=True)
        for line in self.rfile:
            threading.Thread(target=self.answer, args=(json.loads(line),)).start()

    def answer(self, question):
        method, params = question["method"], question.get("params") or []
        answer = {"jsonrpc": "2.0", "id": question["id"]}
        if method == "mute":
            self.mute = True
        if method == "sleep":
            time.sleep(params[0] / 1000)
        if method in ("add", "sleep", "ping"):
            answer["result"] = sum(params)
        else:
            answer["error"] = {"code": -32601, "message": "no method " + method}
        with self.lock:
            if not self.mute:
                self.wfile.write((json.dumps(answer) + "\n").encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
