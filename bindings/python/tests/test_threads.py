"""Other threads run while a session works; two threads on one session are one after the other."""
import sys
import threading
import time
from typing import Callable, List

import imprint
from imprint import Message, Verb
from imprint import _imprint as face
from imprint.message import pack

REQUEST = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"


def progress(call: Callable[[], object]) -> int:
    """How far another thread comes during a call, when nobody is made to yield."""
    count, running = [0], True

    def other() -> None:
        while running:
            count[0] += 1
            time.sleep(0)

    before = sys.getswitchinterval()
    thread = threading.Thread(target=other)
    thread.start()
    while not count[0]:
        time.sleep(0.001)
    sys.setswitchinterval(100)
    try:
        start = count[0]
        call()
        return count[0] - start
    finally:
        sys.setswitchinterval(before)
        running = False
        thread.join()


def test_a_long_step_lets_others_run() -> None:
    session = imprint.open("/http", "relay")
    session.up()
    ticks = pack(Message(Verb.TICK)) * 20000  # one crossing, some milliseconds
    assert progress(lambda: [face.imp_face_run(session._face, 1000, 0, ticks) for _ in range(50)]) > 0


def test_the_test_above_can_fail() -> None:
    assert progress(lambda: [face.imp_face_catalogue() for _ in range(20)]) == 0, "this call keeps the lock of the interpreter"


def test_sessions_in_many_threads() -> None:
    """Each its own, and all of them right."""
    good: List[int] = []

    def work() -> None:
        for _ in range(30):
            session = imprint.open("/http", "relay")
            session.up()
            for _ in range(20):
                rx, = session.rx(REQUEST)
                tx, = session.feed(Message(Verb.ANSWER, code=200, ticket=rx.ticket))
                assert tx.data.startswith(b"HTTP/1.1 200")
        good.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(good) == 8


def test_one_session_in_many_threads() -> None:
    session = imprint.open("/http", "relay")
    session.up()
    found: List[Message] = []

    def work() -> None:
        for _ in range(500):
            found.extend(session.rx(b"\r\n"))
            session.tick()
            assert session.where is not None and session.size > 0

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert session.status >= 0 or session.where
