"""The other end for tests/http-peers.c: Python's own HTTP.

serve        a server on a free port, which it prints
drive PORT   a client; prints one TAP-less line per failure, exits 0 if none
"""
import http.client
import http.server
import sys

BIG = bytes(i * 7 % 251 for i in range(5000))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def body(self):
        if self.headers.get('Transfer-Encoding') != 'chunked':
            return self.rfile.read(int(self.headers.get('Content-Length', 0)))
        whole = b''
        while True:
            n = int(self.rfile.readline(), 16)
            whole += self.rfile.read(n)
            self.rfile.readline()
            if not n:
                return whole

    def reply(self, code, body=None, **fields):
        self.send_response(code)
        for k, v in fields.items():
            self.send_header(k.replace('_', '-'), v)
        if body is not None:
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body or b'')

    def do_GET(self):
        if self.path == '/big':
            self.reply(200, BIG, Content_Type='application/octet-stream')
        elif self.path == '/chunked':
            self.reply(200, Transfer_Encoding='chunked')
            for at in range(0, len(BIG), 777):
                part = BIG[at:at + 777]
                self.wfile.write(b'%x;x=y\r\n%s\r\n' % (len(part), part))
            self.wfile.write(b'0\r\nTrailer: x\r\n\r\n')
        elif self.path == '/close':
            self.close_connection = True
            self.reply(200, b'bye', Connection='close')
        elif self.path == '/until-down':
            self.close_connection = True
            self.reply(200)
            self.wfile.write(BIG)
        elif self.path == '/drop':
            self.close_connection = True
        elif self.path == '/none':
            self.reply(204)
        else:
            self.send_error(404)

    def do_POST(self):
        self.reply(200, self.body(), Content_Type=self.headers.get('Content-Type', 'text/plain'),
                   Message_Type=self.headers.get('Message-Type', '-'))


def serve():
    server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


def drive(port):
    failures = 0

    def check(what, holds):
        nonlocal failures
        if not holds:
            failures += 1
            print('failed:', what, flush=True)

    c = http.client.HTTPConnection('127.0.0.1', port, timeout=10)

    def ask(method, path, body=None, **more):
        c.request(method, path, body, **more)
        r = c.getresponse()
        return r, r.read()

    for i in range(3):
        r, got = ask('POST', '/a?%d' % i, b'hello', headers={'Content-Type': 'application/cbor', 'Authorization': 'Bearer x'})
        check('POST', r.status == 200 and got == b'2 60 /a?%d|authorization: Bearer x 5' % i and r.headers['Message-Type'] == '61')
    sock = c.sock
    r, got = ask('GET', '/b')
    check('GET over the same connection', got == b'1 -1 /b 0' and c.sock is sock)
    r, got = ask('HEAD', '/b')
    check('HEAD', got == b'' and r.headers['Content-Length'] == '9')
    r, got = ask('PUT', '/c', BIG)
    check('a large body', got == b'3 -1 /c 5000')
    r, got = ask('PUT', '/c', iter([BIG[:10], BIG[10:]]), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
    check('a large chunked body', got == b'3 -1 /c 5000')
    r, got = ask('GET', '/big')
    check('a reply in pieces', r.headers['Transfer-Encoding'] == 'chunked' and got == b'0123456789' * 100)
    r, got = ask('DELETE', '/d', headers={'Connection': 'close'})
    check('the last', got == b'4 -1 /d 0' and r.headers['Connection'] == 'close')
    r, got = ask('GET', '/e')
    check('a new connection', got == b'1 -1 /e 0')
    c.close()
    sys.exit(failures != 0)


if __name__ == '__main__':
    serve() if sys.argv[1] == 'serve' else drive(int(sys.argv[2]))
