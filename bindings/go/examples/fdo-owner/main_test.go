package main

import (
	"bytes"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"imprint.dev/imprint"
)

// command is the imprint command; IMPRINT names it, go.sh does.
func command(t *testing.T, args ...string) error {
	t.Helper()
	path := os.Getenv("IMPRINT")
	if path == "" {
		t.Skip("IMPRINT does not name the imprint command")
	}
	c := exec.CommandContext(t.Context(), path, args...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Logf("imprint %v: %v\n%s", args, err, out)
	}
	return err
}

func must(t *testing.T, args ...string) {
	t.Helper()
	if err := command(t, args...); err != nil {
		t.Fatal(err)
	}
}

// A factory in a directory: two lamps; the first is ours.
func factory(t *testing.T, url string) string {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, "make", "key", at("maker.pem"))
	must(t, "make", "key", at("owner.pem"), "--public", at("owner.pub"))
	must(t, "make", "fdo", dir, "--key", at("maker.pem"), "--bypass", url, "--serial", "lamp", "--count", "2")
	for _, lamp := range []string{"lamp-1", "lamp-2"} {
		must(t, "voucher", "extend", at(lamp+".voucher.pem"), "--key", at("maker.pem"), "--to", at("owner.pub"), "--out", at(lamp+".owned.pem"))
	}
	return dir
}

// imprint's own device command onboards at this example.
func TestDeviceOnboards(t *testing.T) {
	facts, ours := imprint.NewFacts(), map[string]bool{}
	h := httptest.NewUnstartedServer(nil)
	dir := factory(t, "http://"+h.Listener.Addr().String())
	if err := addKey(facts, filepath.Join(dir, "owner.pem")); err != nil {
		t.Fatal(err)
	}
	var guids []string
	for _, v := range []string{"lamp-1.owned.pem", "lamp-2.owned.pem"} {
		guid, err := addVoucher(facts, filepath.Join(dir, v))
		if err != nil {
			t.Fatal(err)
		}
		guids = append(guids, guid)
	}
	ours[guids[0]] = true
	owner := newOwner(facts, ours)
	defer owner.Close()
	h.Config.Handler = owner
	h.Start()
	defer h.Close()
	must(t, "device", "fdo", "--store", filepath.Join(dir, "lamp-1.db"))
	if new, ok := facts.Get(imprint.TopicOwner, guids[0]); !ok || len(new) != 16 {
		t.Errorf("the owner does not know the new name of %s: %x", guids[0], new)
	}
	if os, ok := facts.Get(imprint.TopicConfig, guids[0]+"/devmod/os"); !ok || !bytes.Contains(os, []byte("inux")) {
		t.Errorf("devmod's os: %q", os)
	}
	if command(t, "device", "fdo", "--store", filepath.Join(dir, "lamp-2.db")) == nil {
		t.Error("a device that the policy does not know onboarded")
	}
	if _, ok := facts.Get(imprint.TopicOwner, guids[1]); ok {
		t.Error("... and is owned")
	}
}

// What is no voucher and no FDO is refused in words of HTTP.
func TestStrangers(t *testing.T) {
	owner := newOwner(imprint.NewFacts(), nil)
	defer owner.Close()
	h := httptest.NewServer(owner)
	defer h.Close()
	for _, c := range []struct {
		path, media string
		body        []byte
		code        int
	}{
		{"/", "", nil, 404}, // no FDO
		{"/fdo/101/msg/60", "application/cbor", []byte("junk"), 500},        // HelloDevice that is none
		{"/fdo/101/msg/62", "application/cbor", []byte{0x81, 0}, 500},       // no session
		{"/fdo/101/msg/99", "application/cbor", nil, 500},                   // no such message
		{"/fdo/101/msg/20", "application/cbor", []byte{0x80}, 404},          // we are no rendezvous server
		{"/fdo/101/msg/60", "application/cbor", make([]byte, 100_000), 413}, // too large
	} {
		resp, err := h.Client().Post(h.URL+c.path, c.media, bytes.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.code {
			t.Errorf("%s: %d, not %d", c.path, resp.StatusCode, c.code)
		}
	}
	if _, err := addVoucher(imprint.NewFacts(), "main.go"); err == nil {
		t.Error("main.go is a voucher")
	}
	if err := addKey(imprint.NewFacts(), "main.go"); err == nil {
		t.Error("main.go is a key")
	}
}
