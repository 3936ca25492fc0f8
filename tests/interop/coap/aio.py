"""aio.py -- aiocoap as a peer.  serve: prints its port, serves /store and
/slow until stdin ends.  METHOD URI [FILE]: one request, prints code and body."""
import asyncio
import sys

import aiocoap
from aiocoap import resource


class Store(resource.Resource):
    body = b""

    async def render_get(self, request):
        return aiocoap.Message(payload=self.body, content_format=42)

    async def render_put(self, request):
        self.body = request.payload
        return aiocoap.Message(code=aiocoap.CHANGED, payload=b"%d" % len(self.body))

    async def render_delete(self, request):
        self.body = b""
        return aiocoap.Message(code=aiocoap.DELETED)


class Slow(resource.Resource):
    async def render_get(self, request):
        await asyncio.sleep(2.5)
        return aiocoap.Message(payload=b"at last")


async def serve(port):
    site = resource.Site()
    site.add_resource(["store"], Store())
    site.add_resource(["slow"], Slow())
    await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", port))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def ask(method, uri, file):
    context = await aiocoap.Context.create_client_context()
    body = open(file, "rb").read() if file else b""
    reply = await context.request(aiocoap.Message(code=getattr(aiocoap, method.upper()), uri=uri, payload=body)).response
    sys.stdout.write(f"{reply.code.dotted}\n")
    sys.stdout.flush()
    sys.stdout.buffer.write(reply.payload)


if sys.argv[1] == "serve":
    asyncio.run(serve(int(sys.argv[2])))
else:
    asyncio.run(ask(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
