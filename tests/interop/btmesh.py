"""btmesh.py -- imprint's mesh device and provisioner against Debian's
bluetooth-meshd, over its unit bearer, to Complete (TAP).

usage: btmesh.py MESH_PEER SHIM DIR"""
import os
import re
import signal
import subprocess
import sys
import threading
import time

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

PEER, SHIM, DIR = sys.argv[1:4]
MESHD = "/usr/libexec/bluetooth/bluetooth-meshd"
MESH = "org.bluez.mesh."
DEVICE = "0123456789ab4def8123456789abcdef"  # as RFC 4122 has it
NET = "000102030405060708090a0b0c0d0e0f" "0000" "00" "00000005"
STATIC = bytes(range(16))
PRIVATE = "529aa0670d72cd6497502ed473502b037e8803b5c60829a5a3caa219505530ba"
PUBLIC = "f465e43ff23d3f1b9dc7dfc04da8758184dbc966204796eccf0d6cf5e16500cc0201d048bcbbd899eeefc424164e33c201c2b010ca6b4d43a8a155cad8ecb279"
BLINK, BEEP, VIBRATE, PIN, TEXT, BUTTON = 5, 6, 7, 4, 1, 8
LIMIT = 40

n = 0
failed = 0


def claim(text, holds, why=""):
    global n, failed
    n += 1
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {n} - {text}" + ("" if holds else f": {why}"), flush=True)


class Case:
    """One daemon, one run: what both sides said."""

    def __init__(self, name, caps=()):
        self.name, self.caps = name, list(caps)
        self.shown = None       # by the daemon: a number
        self.ours = None        # shown by imprint
        self.waiting = None     # a D-Bus reply that wants it
        self.lines, self.facts = [], {}
        self.done = self.daemon = None
        self.loop = GLib.MainLoop()
        self.sockets = (f"{DIR}/daemon", f"{DIR}/peer")

    # --- imprint's side

    def start_peer(self, role, facts):
        args = [PEER, role, self.sockets[1], self.sockets[0]] + facts
        self.peer = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.read_peer, daemon=True).start()

    def read_peer(self):
        for line in self.peer.stdout:
            GLib.idle_add(self.on_line, line.strip())
        GLib.idle_add(self.quit_when_over)

    def on_line(self, line):
        self.lines.append(line)
        word, _, rest = line.partition(" ")
        if word == "learn":
            name, _, hexed = rest.partition(" ")
            self.facts[name] = bytes.fromhex(hexed)
        elif word == "show" and "attention" not in rest:
            self.ours = rest.split(" ")[2]
            self.answer_daemon()
        elif word == "read":
            GLib.timeout_add(100, self.type_shown)
        elif word == "done":
            self.done = rest
            self.quit_when_over()

    def type_shown(self):
        if self.shown is None:
            return True
        self.peer.stdin.write(f"{self.shown}\n")
        self.peer.stdin.flush()
        return False

    def answer_daemon(self):
        if self.waiting and self.ours is not None:
            self.waiting(self.ours)
            self.waiting = None

    def quit_when_over(self):
        if self.done and (self.daemon or not self.done.startswith("0 ")):
            self.loop.quit()

    def ended(self, what):
        self.daemon = what
        self.quit_when_over()

    # --- the daemon's

    def start_daemon(self):
        for path in self.sockets:
            if os.path.exists(path):
                os.unlink(path)
        state = f"{DIR}/state-{n}"
        os.makedirs(state)
        env = dict(os.environ, LD_PRELOAD=SHIM, MESH_PEER=self.sockets[1])
        self.log = open(f"{DIR}/meshd-{n}.log", "w")
        self.meshd = subprocess.Popen([MESHD, "-n", "-d", "--io", "unit:" + self.sockets[0], "-s", state], stdout=self.log, stderr=subprocess.STDOUT, env=env)
        bus = dbus.bus.BusConnection(os.environ["DBUS_SESSION_BUS_ADDRESS"])
        until = time.time() + 10
        while time.time() < until and not (os.path.exists(self.sockets[0]) and bus.name_has_owner("org.bluez.mesh")):
            time.sleep(0.1)
        self.bus = bus
        self.app = App(self, bus)
        self.agent = Agent(self, bus)
        self.element = Element(bus)
        self.network = dbus.Interface(bus.get_object("org.bluez.mesh", "/org/bluez/mesh"), MESH + "Network1")

    def run(self):
        GLib.timeout_add_seconds(LIMIT, self.loop.quit)
        self.loop.run()
        for p in (self.peer, self.meshd):
            p.send_signal(signal.SIGTERM)
            p.wait()
        for o in (self.app, self.agent, self.element):
            o.remove_from_connection()
        self.bus.close()

    def why(self):
        return f"daemon {self.daemon}, imprint {self.lines}"


class App(dbus.service.Object):
    def __init__(self, case, bus):
        super().__init__(bus, "/app")
        self.case = case

    @dbus.service.method("org.freedesktop.DBus.ObjectManager", out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        q = dbus.UInt16
        application = {"CompanyID": q(0x05f1), "ProductID": q(1), "VersionID": q(1), "CRPL": q(100)}
        models = dbus.Array([dbus.Struct((q(i), dbus.Dictionary({}, signature="sv")), signature="qa{sv}") for i in (0, 1)], signature="(qa{sv})")
        return {
            dbus.ObjectPath("/app"): {MESH + "Application1": application, MESH + "Provisioner1": dbus.Dictionary({}, signature="sv")},
            dbus.ObjectPath("/app/agent"): {MESH + "ProvisionAgent1": {"Capabilities": dbus.Array(self.case.caps, signature="s")}},
            dbus.ObjectPath("/app/ele0"): {MESH + "Element1": {"Index": dbus.Byte(0), "Models": models, "VendorModels": dbus.Array([], signature="(qqa{sv})")}},
        }

    @dbus.service.method(MESH + "Application1", in_signature="t")
    def JoinComplete(self, token):
        if hasattr(self.case, "joined"):
            GLib.idle_add(self.case.joined, token)
        else:
            self.case.ended(f"joined {token:#x}")

    @dbus.service.method(MESH + "Application1", in_signature="s")
    def JoinFailed(self, reason):
        self.case.ended("failed " + reason)

    @dbus.service.method(MESH + "Provisioner1", in_signature="naya{sv}")
    def ScanResult(self, rssi, data, options):
        self.case.found(bytes(data))

    @dbus.service.method(MESH + "Provisioner1", in_signature="y", out_signature="qq")
    def RequestProvData(self, count):
        return dbus.UInt16(0), dbus.UInt16(0x0123)

    @dbus.service.method(MESH + "Provisioner1", in_signature="ayqy")
    def AddNodeComplete(self, uuid, unicast, count):
        self.case.ended(f"added {unicast:#06x} {int(count)}")

    @dbus.service.method(MESH + "Provisioner1", in_signature="ays")
    def AddNodeFailed(self, uuid, reason):
        self.case.ended("failed " + reason)


class Element(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, "/app/ele0")


class Agent(dbus.service.Object):
    def __init__(self, case, bus):
        super().__init__(bus, "/app/agent")
        self.case = case

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"Capabilities": dbus.Array(self.case.caps, signature="s")}

    @dbus.service.method(MESH + "ProvisionAgent1", out_signature="ay")
    def PrivateKey(self):
        return dbus.ByteArray(bytes.fromhex(PRIVATE))

    @dbus.service.method(MESH + "ProvisionAgent1", out_signature="ay")
    def PublicKey(self):
        return dbus.ByteArray(bytes.fromhex(PUBLIC))

    @dbus.service.method(MESH + "ProvisionAgent1", in_signature="s")
    def DisplayString(self, text):
        self.case.shown = text

    @dbus.service.method(MESH + "ProvisionAgent1", in_signature="su")
    def DisplayNumeric(self, kind, number):
        self.case.shown = int(number)

    @dbus.service.method(MESH + "ProvisionAgent1", in_signature="s", out_signature="u", async_callbacks=("ok", "error"))
    def PromptNumeric(self, kind, ok, error):
        self.case.waiting = lambda text: ok(dbus.UInt32(int(text)))
        self.case.answer_daemon()

    @dbus.service.method(MESH + "ProvisionAgent1", in_signature="s", out_signature="ay", async_callbacks=("ok", "error"))
    def PromptStatic(self, kind, ok, error):
        if kind == "static-oob":
            ok(dbus.ByteArray(STATIC))
            return
        self.case.waiting = lambda text: ok(dbus.ByteArray(text.encode().ljust(16, b"\0")))
        self.case.answer_daemon()

    @dbus.service.method(MESH + "ProvisionAgent1")
    def Cancel(self):
        pass


class OurProvisioner(Case):
    """bluetooth-meshd joins; imprint provisions it."""

    def meet(self, facts):
        self.start_daemon()
        self.start_peer("provisioner", [f"network:btmesh.net:{NET}", *facts])
        join = dbus.ByteArray(bytes.fromhex(DEVICE))
        self.network.Join("/app", join, reply_handler=lambda *a: None, error_handler=lambda e: self.ended(f"failed {e}"))
        self.run()

    def play_refused(self):
        """As a device it compares actions with its own in the wrong byte order
        (until BlueZ 5.83), so it refuses all of them."""
        self.meet([])
        claim(f"provisioner: {self.name}: the daemon answers Failed 02, and both sides say so",
              (self.done or "").startswith("-10 2 ") and (self.daemon or "").startswith("failed"), self.why())

    def play(self, facts=()):
        self.meet(facts)
        key = self.facts.get("btmesh.devkey/" + DEVICE, b"")
        config = self.config()
        same = len(key) == 32 and key[16:].hex() in config and NET[:32] in config
        claim(f"provisioner: {self.name}: Complete, and the daemon has the keys that we have",
              self.done and self.done.startswith("0 ") and (self.daemon or "").startswith("joined") and same, self.why())

    def config(self):
        """All that the daemon keeps, in lower case."""
        text = ""
        for base, _, files in os.walk(f"{DIR}/state-{n}"):
            text += "".join(open(os.path.join(base, f)).read().lower() for f in files)
        return text


class OurDevice(Case):
    """bluetooth-meshd is the provisioner; imprint joins."""

    def play(self, facts=()):
        self.start_daemon()
        self.adding = False
        self.node_facts = facts
        uuid = dbus.ByteArray(bytes.fromhex("89ab0123cdef4def8123456789abcdef"))
        self.network.CreateNetwork("/app", uuid, reply_handler=lambda *a: None, error_handler=lambda e: self.ended(f"failed {e}"))
        self.start_peer("device", [f"identity:btmesh.uuid:{DEVICE}", *facts])
        self.run()
        net, key = self.facts.get("btmesh.net", b""), self.facts.get("btmesh.devkey", b"")
        claim(f"device: {self.name}: Complete, at the address that the daemon gave",
              self.done and self.done.startswith("0 ") and self.daemon == "added 0x0123 1" and net[-2:] == b"\x01\x23" and len(net) == 25 and len(key) == 32, self.why())

    def joined(self, token):
        self.network.Attach("/app", dbus.UInt64(token), reply_handler=self.attached, error_handler=lambda e: self.ended(f"failed {e}"))

    def attached(self, node, configuration):
        self.management = dbus.Interface(self.bus.get_object("org.bluez.mesh", node), MESH + "Management1")
        self.management.UnprovisionedScan(dbus.Dictionary({"Seconds": dbus.UInt16(30)}, signature="sv"), reply_handler=lambda *a: None,
                                          error_handler=lambda e: self.ended(f"failed {e}"))

    def found(self, data):
        if self.adding or data[:16].hex() != DEVICE:
            return
        self.adding = True
        self.management.AddNode(dbus.ByteArray(data[:16]), dbus.Dictionary({}, signature="sv"), reply_handler=lambda *a: None,
                                error_handler=lambda e: self.ended(f"failed {e}"))


def cbor_config(which, size, actions):
    return "config:btmesh.device:a1" + f"{0x60 + len(which):02x}" + which.encode().hex() + "82" + f"{size:02x}" + f"{actions:02x}"


def main():
    bus_config = f"{DIR}/bus.conf"
    with open(bus_config, "w") as f:
        f.write(f"<busconfig><type>session</type><listen>unix:path={DIR}/bus</listen><auth>EXTERNAL</auth>"
                '<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>')
    bus = subprocess.Popen(["dbus-daemon", "--config-file=" + bus_config, "--nofork"], stderr=open(f"{DIR}/bus.log", "w"))
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = os.environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={DIR}/bus"
    until = time.time() + 5
    while not os.path.exists(f"{DIR}/bus") and time.time() < until:
        time.sleep(0.05)
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    try:
        OurProvisioner("no OOB").play()
        OurProvisioner("static OOB", ["static-oob"]).play([f"key:btmesh.static/{DEVICE}:{STATIC.hex()}"])
        OurProvisioner("output OOB, a number", ["out-numeric"]).play_refused()
        OurProvisioner("input OOB, pushes", ["push"]).play_refused()
        OurProvisioner("OOB public key", ["public-oob"]).play([f"peerkey:btmesh.oob/{DEVICE}:{PUBLIC}"])
        OurDevice("no OOB").play()
        OurDevice("static OOB", ["static-oob"]).play([f"key:btmesh.static:{STATIC.hex()}"])
        OurDevice("output OOB, a number", ["out-numeric"]).play([cbor_config("output", 6, 8)])
        OurDevice("output OOB, blinks", ["blink"]).play([cbor_config("output", 1, 1)])
        OurDevice("input OOB, a number", ["in-numeric"]).play([cbor_config("input", 6, 4)])
        OurDevice("input OOB, pushes", ["push"]).play([cbor_config("input", 1, 1)])
        OurDevice("OOB public key", ["public-oob"]).play([f"private:btmesh.oob:{PRIVATE}"])
    finally:
        bus.terminate()
    print(f"1..{n}")
    return failed != 0


sys.exit(main())
