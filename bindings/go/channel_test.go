package imprint_test

import (
	"bytes"
	"errors"
	"testing"

	"imprint.dev/imprint"
)

// An end of a DTLS connection: a Face without a top, and what rose from it.
type end struct {
	t    *testing.T
	face *imprint.Face
	out  []imprint.Msg // datagrams for the other end
	up   *imprint.Msg
	got  []byte
}

// Feed, and answer what is asked: the key of the one identity there is.
func (e *end) feed(m imprint.Msg) {
	msgs, err := e.face.Feed(m)
	if err != nil {
		e.t.Fatal(err)
	}
	for _, m := range msgs {
		switch m.Verb {
		case imprint.VerbAsk:
			a := imprint.Msg{Verb: imprint.VerbAnswer, Ticket: m.Ticket, Code: int32(imprint.EFact)}
			if m.Topic == imprint.TopicKeys && m.Code == 1 { // IMP_K_PSK
				a = imprint.Msg{Verb: imprint.VerbAnswer, Ticket: m.Ticket, Name: "lamp", Data: []byte("0123456789abcdef")}
			}
			e.feed(a)
		case imprint.VerbTX:
			e.out = append(e.out, m)
		case imprint.VerbUp:
			e.up = &m
		case imprint.VerbRX:
			e.got = m.Data
		}
	}
}

// Datagrams go to and fro until nobody has any; the server's through triage.
func carry(client, server *end) {
	secret := [64]byte{1}
	for len(client.out)+len(server.out) > 0 {
		from, to := client, server
		if len(client.out) == 0 {
			from, to = server, client
		}
		m := imprint.Msg{Verb: imprint.VerbRX, Name: "peer", Data: from.out[0].Data}
		from.out = from.out[1:]
		if to == server && server.up == nil {
			s, err := server.face.Triage(&secret, m)
			if err != nil {
				client.t.Fatal(err)
			}
			if s.Verdict == imprint.VerdictBounce {
				server.out = append(server.out, *s.Reply)
				continue
			}
		}
		to.feed(m)
	}
}

// Either end of a secured link sees the same channel, and derives the same keys
// from it; what the host hands on across a cut says the same.
func TestChannel(t *testing.T) {
	client := &end{t: t, face: deviceSession(t, imprint.Config{Stack: "/dtls.psk.client", MaxMsg: 2048}, nil).Face}
	server := &end{t: t, face: deviceSession(t, imprint.Config{Stack: "/dtls.psk", Role: "owner", MaxMsg: 2048}, nil).Face}
	server.feed(imprint.Msg{Verb: imprint.VerbUp})
	client.feed(imprint.Msg{Verb: imprint.VerbOpen, Name: "coaps://owner", Ticket: 1})
	client.feed(imprint.Msg{Verb: imprint.VerbUp, Ticket: 1})
	carry(client, server)
	if client.up == nil || server.up == nil || client.up.Channel == nil || server.up.Channel == nil {
		t.Fatalf("no secured link: %+v, %+v; %q, %q", client.up, server.up, client.face.Where(), server.face.Where())
	}
	c := server.up.Channel
	if c.Kind != 0xfefd || c.Suite != 0xc0a8 || string(c.PeerID) != "lamp" || !bytes.Equal(c.Binding, client.up.Channel.Binding) || len(c.Binding) == 0 {
		t.Errorf("the server's channel: %+v", c)
	}
	key, err := server.face.Derive(0, "EXPORTER-test", []byte("context"), 32)
	if err != nil || len(key) != 32 {
		t.Fatal(err)
	}
	other, err := server.face.Derive(0, "EXPORTER-test", []byte("another"), 32)
	if err != nil || bytes.Equal(other, key) {
		t.Error("another context, the same key; ", err)
	}
	// The client's channel comes with the next message too.
	server.feed(imprint.Msg{Verb: imprint.VerbTX, Data: []byte("hello"), Name: "peer"})
	carry(client, server)
	mine, err := client.face.Derive(0, "EXPORTER-test", []byte("context"), 32)
	if string(client.got) != "hello" || err != nil || !bytes.Equal(mine, key) {
		t.Errorf("%q, %v: the client's key is %x, the server's %x", client.got, err, mine, key)
	}
	if _, err := server.face.Derive(0, "EXPORTER-test", nil, 32); !errors.Is(err, imprint.ELink) {
		t.Errorf("a channel that has gone: %v", err)
	}
}
