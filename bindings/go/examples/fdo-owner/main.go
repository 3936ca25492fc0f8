// Fdo-owner is a FIDO Device Onboard owner: devices of the vouchers that it is
// given onboard at it (TO2), whatever else this net/http server serves.
//
//	imprint make key maker.pem
//	imprint make key owner.pem --public owner.pub
//	imprint make fdo . --key maker.pem --bypass http://127.0.0.1:8040 --serial lamp
//	imprint voucher extend lamp.voucher.pem --key maker.pem --to owner.pub --out lamp.owned.pem
//	go run ./examples/fdo-owner -listen 127.0.0.1:8040 -key owner.pem -voucher lamp.owned.pem &
//	imprint device fdo --store lamp.db
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"imprint.dev/imprint"
	"imprint.dev/imprint/fdo"
)

func main() {
	log.SetFlags(0)
	listen := flag.String("listen", "127.0.0.1:8040", "`address` to listen on; port 0: any")
	key := flag.String("key", "", "the owner's private key (P-256), a PEM `file`")
	facts := imprint.NewFacts()
	ours := map[string]bool{}
	flag.Func("voucher", "an ownership voucher that ends in our key, a PEM `file`; again for more", func(path string) error {
		guid, err := addVoucher(facts, path)
		ours[guid] = true
		return err
	})
	flag.Parse()
	if err := addKey(facts, *key); err != nil {
		log.Fatalf("-key %s: %v", *key, err)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	owner := newOwner(facts, ours)
	mux := http.NewServeMux()
	mux.Handle("/fdo/101/msg/", owner)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "onboarding now:", owner.Sessions()) })
	h := &http.Server{Handler: mux, ReadHeaderTimeout: 15 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, func() { h.Close() })
	log.Printf("listening on http://%s", l.Addr())
	if err := h.Serve(l); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	owner.Close()
}

// newOwner decides: devices whose voucher we were given may join, and get a new
// credential.
func newOwner(facts *imprint.Facts, ours map[string]bool) *imprint.Server {
	policy := imprint.Policy{
		Authorize: func(_ context.Context, guid string, claims []byte) ([]byte, error) {
			if !ours[guid] {
				return nil, imprint.EDenied
			}
			return nil, nil
		},
		Tell: func(_ context.Context, m imprint.Msg) { log.Printf("news: %v %s", m.Topic, m.Name) },
	}
	return &imprint.Server{
		Stack: "fdo",
		Choose: func(hint string) (imprint.Config, func(*imprint.Session) imprint.Host, error) {
			if hint != "to2" { // we are no rendezvous server and no manufacturer
				return imprint.Config{}, nil, imprint.EUnsup
			}
			return imprint.Config{Role: "owner"}, func(s *imprint.Session) imprint.Host { return facts.Host(s, policy) }, nil
		},
		Ended: func(err error) {
			if err != nil {
				log.Print("failed: ", err)
				return
			}
			log.Print("onboarded; devices owned: ", facts.Names(imprint.TopicOwner, ""))
		},
	}
}

func addVoucher(facts *imprint.Facts, path string) (string, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	v, err := fdo.ReadVoucher(file)
	if err != nil {
		return "", err
	}
	v.Put(facts)
	return v.GUID, nil
}

func addKey(facts *imprint.Facts, path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(file)
	if block == nil {
		return fmt.Errorf("no PEM")
	}
	k, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		any, pkcs8 := x509.ParsePKCS8PrivateKey(block.Bytes)
		if pkcs8 != nil {
			return err
		}
		k, _ = any.(*ecdsa.PrivateKey)
	}
	if k == nil || k.Curve != elliptic.P256() {
		return fmt.Errorf("not a P-256 key")
	}
	facts.Set(imprint.TopicKey, fdo.KeyName, fdo.Key(k))
	return nil
}
