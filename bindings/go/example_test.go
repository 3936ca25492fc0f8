package imprint_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"imprint.dev/imprint"
)

// A device that onboards, and comes back as long as nobody is there.
func ExampleSession() {
	facts := imprint.NewFacts() // with the device's credential and keys
	onboard := func(ctx context.Context) error {
		s, err := imprint.NewSession(imprint.Config{Stack: "fdo/http", Role: "device"})
		if err != nil {
			return err
		}
		defer s.Close()
		s.Carrier = &imprint.Streams{}
		return s.Run(ctx, facts.Host(s, imprint.Policy{}), imprint.Msg{Verb: imprint.VerbStart})
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	err := onboard(ctx)
	for errors.Is(err, imprint.Later) {
		var e *imprint.Error
		errors.As(err, &e)
		time.Sleep(time.Duration(e.After) * time.Millisecond)
		err = onboard(ctx)
	}
	fmt.Println(err)
	// Output: imprint: a belief is missing: fdo.credential [imp.fdo.over: EFACT]
}

// An owner of FDO devices beside whatever else a web server does.
func ExampleServer() {
	facts := imprint.NewFacts() // with vouchers and the owner's key
	policy := imprint.Policy{Authorize: func(_ context.Context, guid string, claims []byte) ([]byte, error) {
		if guid != os.Getenv("OUR_DEVICE") {
			return nil, imprint.EDenied
		}
		return nil, nil
	}}
	owner := &imprint.Server{Stack: "fdo", Choose: func(hint string) (imprint.Config, func(*imprint.Session) imprint.Host, error) {
		if hint != "to2" {
			return imprint.Config{}, nil, imprint.EUnsup
		}
		return imprint.Config{Role: "owner"}, func(s *imprint.Session) imprint.Host { return facts.Host(s, policy) }, nil
	}}
	defer owner.Close()
	http.Handle("/fdo/101/msg/", owner)
	// log.Fatal(http.ListenAndServe(":8040", nil))
}

// A session fed by hand: bytes of HTTP go in, a request comes out.
func ExampleFace() {
	f, err := imprint.NewFace(imprint.Config{Stack: "/http", Role: "owner"})
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	out, err := f.Feed(
		imprint.Msg{Verb: imprint.VerbUp},
		imprint.Msg{Verb: imprint.VerbRX, Data: []byte("GET /well-known HTTP/1.1\r\nHost: a\r\n\r\n")},
	)
	for _, m := range out {
		fmt.Println(m.Verb, m.Name, err)
	}
	// Output:
	// up  <nil>
	// rx /well-known <nil>
}

// Which protocols are there, and what does each need to know beforehand?
func ExampleBuilt() {
	c, err := imprint.Built()
	if err != nil {
		log.Fatal(err)
	}
	for _, y := range c.Layers {
		if y.ID != "imp.fdo" {
			continue
		}
		for _, f := range y.Manifest.Beliefs {
			if f.Needed && f.Secret {
				fmt.Println(y.Spec, f.Topic, f.Name)
			}
		}
	}
	// Output:
	// FDO 1.1 key fdo.hmac
	// FDO 1.1 key fdo.attestation
	// FDO 1.1 key fdo.owner/TYPE
}

// A wrong name says what there is.
func ExampleNewFace() {
	_, err := imprint.NewFace(imprint.Config{Stack: "http"})
	fmt.Println(err)
	// Output: imprint: a rule of the interface was broken: http is a transport, it cannot be the top: say '/http'
}
