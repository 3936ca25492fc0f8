"""python.py -- what a message costs in Python: messages.c, line for line.  Nanoseconds for each message fed, the best of some rounds."""
import time

import imprint
from imprint import Message, Verb

REQUEST = b"GET /bench HTTP/1.1\r\nHost: imprint\r\n\r\n"
MANY, ROUNDS = 10_000, 10


def visit(session: imprint.Session, count: int) -> None:
    feed = session.feed
    for _ in range(count):
        request, = feed(Message(Verb.RX, data=REQUEST))
        assert request.verb is Verb.RX and request.name == b"/bench"
        reply, = feed(Message(Verb.ANSWER, code=200, ticket=request.ticket, data=b"well"))
        assert reply.verb is Verb.TX


session = imprint.open("/http", "relay")
session.up()
visit(session, 1000)


def timed() -> float:
    start = time.process_time_ns()
    visit(session, MANY)
    return (time.process_time_ns() - start) / (2 * MANY)


print(min(timed() for _ in range(ROUNDS)))
