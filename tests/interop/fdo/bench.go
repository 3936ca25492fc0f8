// bench.go -- how many onboardings a second the library does by itself.
package main

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/fido-device-onboard/go-fdo"
	"github.com/fido-device-onboard/go-fdo/cbor"
	"github.com/fido-device-onboard/go-fdo/custom"
	fdohttp "github.com/fido-device-onboard/go-fdo/http"
	"github.com/fido-device-onboard/go-fdo/kex"
	"github.com/fido-device-onboard/go-fdo/protocol"
	"github.com/fido-device-onboard/go-fdo/serviceinfo"

	"crypto/ecdsa"
	"crypto/rsa"
)

type device struct {
	key    crypto.Signer
	secret []byte
	cred   *fdo.DeviceCredential
}

func (d *device) config(suite kex.Suite, cipher kex.CipherSuiteID) fdo.TO2Config {
	return fdo.TO2Config{Cred: *d.cred, HmacSha256: hmac.New(sha256.New, d.secret), HmacSha384: hmac.New(sha512.New384, d.secret), Key: d.key,
		Devmod:      serviceinfo.Devmod{Os: "linux", Arch: "x", Version: "1", Device: "bench", FileSep: "/", Bin: "x"},
		KeyExchange: suite, CipherSuite: cipher}
}

// made does DI and signs the voucher over to the owner.
func (w *world) newDevice(kind string) *device {
	d := &device{secret: make([]byte, 32)}
	rand.Read(d.secret)
	key, keyType := newKey(kind)
	d.key = key
	csr := check(x509.ParseCertificateRequest(check(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "bench"}}, key))))
	d.cred = check(fdo.DI(context.Background(), &fdohttp.Transport{BaseURL: base(w.mfg)}, custom.DeviceMfgInfo{KeyType: keyType, KeyEncoding: protocol.X509KeyEnc,
		SerialNumber: "1", DeviceInfo: "bench", CertInfo: cbor.X509CertificateRequest(*csr)},
		fdo.DIConfig{HmacSha256: hmac.New(sha256.New, d.secret), HmacSha384: hmac.New(sha512.New384, d.secret), Key: key}))
	ov := check(w.made.Voucher(context.Background(), d.cred.GUID))
	var longer *fdo.Voucher
	switch k := w.kept.owner.Public().(type) {
	case *ecdsa.PublicKey:
		longer = check(fdo.ExtendVoucher(ov, w.made.owner, k, nil))
	case *rsa.PublicKey:
		longer = check(fdo.ExtendVoucher(ov, w.made.owner, k, nil))
	}
	w.kept.AddVoucher(context.Background(), longer)
	return d
}

// onboard does all of them, so many at a time.
func onboard(devices []*device, at int, one func(*device)) {
	var all sync.WaitGroup
	next := make(chan *device)
	for range at {
		all.Add(1)
		go func() {
			defer all.Done()
			for d := range next {
				one(d)
			}
		}()
	}
	for _, d := range devices {
		next <- d
	}
	close(next)
	all.Wait()
}

func bench(args []string) {
	f := flag.NewFlagSet("bench", flag.ExitOnError)
	n := f.Int("n", 100, "onboardings")
	kind := f.String("key", "ec256", "key type")
	at := f.Int("at", 1, "devices at a time")
	suite := f.String("kex", "ECDH256", "key exchange")
	cipher := f.String("cipher", "A128GCM", "cipher suite")
	f.Parse(args)
	w := newWorld(options{key: *kind})
	w.serve()
	id, _ := kex.CipherSuiteByName(*cipher)
	devices := make([]*device, *n)
	for i := range devices {
		devices[i] = w.newDevice(*kind)
	}
	from := time.Now()
	onboard(devices, *at, func(d *device) { // each with a connection of its own
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		check(fdo.TO2(context.Background(), &fdohttp.Transport{BaseURL: base(w.own), Client: &http.Client{Transport: transport}}, nil, d.config(kex.Suite(*suite), id)))
	})
	seconds := time.Since(from).Seconds()
	json.NewEncoder(os.Stdout).Encode(map[string]any{"bench": "fdo-to2-loopback", "peer": "go-fdo", "n": *n, "seconds": seconds, "per_second": float64(*n) / seconds})
}
