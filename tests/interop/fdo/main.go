// peer: FDO servers and a benchmark made of the go-fdo library, so that
// imprint meets an implementation that nobody here wrote.
//
//	peer servers -key ec256 [-command] [-download FILE] [-upload NAME] [-wget URL]
//	             [-reuse] [-bypass] [-delay SECONDS]
//	    manufacturer, rendezvous and owner, each on a port of its own; prints
//	    their addresses as one line of JSON and serves until it is killed.
//	      manufacturer  GET /made -> GUIDs as JSON
//	      manufacturer  POST /extend/GUID  body: next owner's PKIX or certificate PEM
//	                    -> voucher PEM
//	      owner         GET /key -> PKIX PEM;  GET /chain -> certificate PEM;  POST /vouchers?rv=URL  body: voucher PEM
//	                    (TO0 follows unless rv is empty);  GET /finished -> JSON
//	                    POST /resell/GUID  body: next owner's PKIX PEM -> voucher PEM
//	peer bench -n N -key ec256 -kex ECDH256 -cipher A128GCM
//	    N onboardings (TO2, device and owner over loopback HTTP), one at a time
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/fido-device-onboard/go-fdo"
	"github.com/fido-device-onboard/go-fdo/cbor"
	"github.com/fido-device-onboard/go-fdo/custom"
	"github.com/fido-device-onboard/go-fdo/fsim"
	fdohttp "github.com/fido-device-onboard/go-fdo/http"
	"github.com/fido-device-onboard/go-fdo/protocol"
	"github.com/fido-device-onboard/go-fdo/serviceinfo"
)

type options struct {
	key, download, upload, wget, dir string
	command, reuse, bypass           bool
	delay                            int
}

func check[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
	return v
}

func newKey(kind string) (crypto.Signer, protocol.KeyType) {
	switch kind {
	case "ec256":
		return check(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), protocol.Secp256r1KeyType
	case "ec384":
		return check(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), protocol.Secp384r1KeyType
	case "rsa2048":
		return check(rsa.GenerateKey(rand.Reader, 2048)), protocol.Rsa2048RestrKeyType
	case "rsa3072":
		return check(rsa.GenerateKey(rand.Reader, 3072)), protocol.RsaPkcsKeyType
	}
	check(0, fmt.Errorf("unknown key type %q: ec256, ec384, rsa2048 or rsa3072", kind))
	return nil, 0
}

func selfSigned(key crypto.Signer, name string) []*x509.Certificate {
	t := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true}
	der := check(x509.CreateCertificate(rand.Reader, t, t, key.Public(), key))
	return []*x509.Certificate{check(x509.ParseCertificate(der))}
}

func publicPEM(key crypto.PublicKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: check(x509.MarshalPKIXPublicKey(key))})
}

func value(v any) []byte { return check(cbor.Marshal(v)) }

func port(l net.Listener) uint16 { return uint16(l.Addr().(*net.TCPAddr).Port) }

func base(l net.Listener) string { return "http://" + l.Addr().String() }

// world is the three servers of one run.
type world struct {
	opt             options
	maker           crypto.Signer
	makerChain      []*x509.Certificate
	keyType         protocol.KeyType
	mfg, rv, own    net.Listener
	made, met, kept *state
}

func newWorld(opt options) *world {
	w := &world{opt: opt}
	w.maker, w.keyType = newKey(opt.key)
	owner, _ := newKey(opt.key)
	w.makerChain = selfSigned(w.maker, "maker")
	listen := func() net.Listener { return check(net.Listen("tcp", "127.0.0.1:0")) }
	w.mfg, w.rv, w.own = listen(), listen(), listen()
	w.made = newState(w.maker, w.makerChain)
	w.met = newState(nil, nil)
	w.kept = newState(owner, selfSigned(owner, "owner"))
	return w
}

func (w *world) rvInfo() [][]protocol.RvInstruction {
	to := w.rv
	if w.opt.bypass {
		to = w.own
	}
	d := []protocol.RvInstruction{
		{Variable: protocol.RVProtocol, Value: value(protocol.RVProtHTTP)},
		{Variable: protocol.RVIPAddress, Value: value(net.IP{127, 0, 0, 1})},
		{Variable: protocol.RVDevPort, Value: value(port(to))},
		{Variable: protocol.RVOwnerPort, Value: value(port(to))},
	}
	if w.opt.delay > 0 {
		d = append(d, protocol.RvInstruction{Variable: protocol.RVDelaysec, Value: value(w.opt.delay)})
	}
	if w.opt.bypass {
		d = append(d, protocol.RvInstruction{Variable: protocol.RVBypass})
	}
	return [][]protocol.RvInstruction{d}
}

func (w *world) publicKey(info *custom.DeviceMfgInfo) (*protocol.PublicKey, error) {
	switch info.KeyEncoding {
	case protocol.X5ChainKeyEnc:
		return protocol.NewPublicKey(w.keyType, w.makerChain, false)
	default:
		asCOSE := info.KeyEncoding == protocol.CoseKeyEnc
		if k, ok := w.maker.Public().(*ecdsa.PublicKey); ok {
			return protocol.NewPublicKey(w.keyType, k, asCOSE)
		}
		return protocol.NewPublicKey(w.keyType, w.maker.Public().(*rsa.PublicKey), asCOSE)
	}
}

// The actions of ServiceInfo, in order; nil: that was all.
func (w *world) action(i int) (string, serviceinfo.OwnerModule) {
	var all []func() (string, serviceinfo.OwnerModule)
	if w.opt.download != "" {
		all = append(all, func() (string, serviceinfo.OwnerModule) {
			return "fdo.download", &fsim.DownloadContents[*os.File]{Name: filepath.Base(w.opt.download), Contents: check(os.Open(w.opt.download)), MustDownload: true}
		})
	}
	if w.opt.command {
		all = append(all, func() (string, serviceinfo.OwnerModule) {
			return "fdo.command", &fsim.RunCommand{Command: "sh", Args: []string{"-c", "echo onboarded > command.out; echo hello"}, Stdout: os.Stderr, Stderr: os.Stderr}
		})
	}
	if w.opt.upload != "" {
		all = append(all, func() (string, serviceinfo.OwnerModule) {
			return "fdo.upload", &fsim.UploadRequest{Dir: w.opt.dir, Name: w.opt.upload, CreateTemp: func() (*os.File, error) { return os.CreateTemp(w.opt.dir, "upload-*") }}
		})
	}
	if w.opt.wget != "" {
		all = append(all, func() (string, serviceinfo.OwnerModule) {
			return "fdo.wget", &fsim.WgetCommand{Name: "wget.out", URL: check(url.Parse(w.opt.wget))}
		})
	}
	if i >= len(all) {
		return "", nil
	}
	return all[i]()
}

// modules walks through the actions, one session at a time each.
type modules struct {
	w *world
}

func (m modules) Module(ctx context.Context) (name string, x serviceinfo.OwnerModule, err error) {
	err = m.w.kept.with(ctx, func(s *session) error { name, x = s.runningName, s.running; return nil })
	return name, x, err
}

func (m modules) NextModule(ctx context.Context) (valid bool, err error) {
	err = m.w.kept.with(ctx, func(s *session) error {
		s.runningName, s.running = m.w.action(s.module)
		s.module++
		valid = s.running != nil
		return nil
	})
	return valid, err
}

func (m modules) CleanupModules(context.Context) {}

func (w *world) manufacturing() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /fdo/101/msg/{msg}", fdohttp.Handler{Tokens: w.made, DIResponder: &fdo.DIServer[custom.DeviceMfgInfo]{
		Session: w.made, Vouchers: w.made,
		SignDeviceCertificate: custom.SignDeviceCertificate(w.maker, w.makerChain),
		DeviceInfo: func(ctx context.Context, info *custom.DeviceMfgInfo, _ []*x509.Certificate) (string, protocol.PublicKey, error) {
			key, err := w.publicKey(info)
			if err != nil {
				return "", protocol.PublicKey{}, err
			}
			return info.DeviceInfo, *key, nil
		},
		RvInfo: func(context.Context, *fdo.Voucher) ([][]protocol.RvInstruction, error) { return w.rvInfo(), nil },
	}})
	mux.HandleFunc("POST /extend/{guid}", func(out http.ResponseWriter, r *http.Request) { extend(out, r, w.made) })
	mux.HandleFunc("GET /made", func(out http.ResponseWriter, _ *http.Request) {
		w.made.mu.Lock()
		defer w.made.mu.Unlock()
		guids := []string{}
		for g := range w.made.vouchers {
			guids = append(guids, hex.EncodeToString(g[:]))
		}
		json.NewEncoder(out).Encode(guids)
	})
	return mux
}

func guidOf(r *http.Request) (g protocol.GUID, err error) {
	b, err := hex.DecodeString(r.PathValue("guid"))
	copy(g[:], b)
	return g, err
}

// extend takes a voucher out of the state and signs it over to the key in the body.
func extend(out http.ResponseWriter, r *http.Request, s *state) {
	err := func() error {
		guid, err := guidOf(r)
		if err != nil {
			return err
		}
		ov, err := s.Voucher(r.Context(), guid)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(body)
		if block == nil {
			return fmt.Errorf("the body is not PEM")
		}
		var next any
		if block.Type == "CERTIFICATE" {
			next, err = x509.ParseCertificates(block.Bytes)
		} else {
			next, err = x509.ParsePKIXPublicKey(block.Bytes)
		}
		if err != nil {
			return err
		}
		var longer *fdo.Voucher
		switch k := next.(type) {
		case []*x509.Certificate:
			longer, err = fdo.ExtendVoucher(ov, s.owner, k, nil)
		case *ecdsa.PublicKey:
			longer, err = fdo.ExtendVoucher(ov, s.owner, k, nil)
		case *rsa.PublicKey:
			longer, err = fdo.ExtendVoucher(ov, s.owner, k, nil)
		default:
			err = fmt.Errorf("a key of type %T", next)
		}
		if err != nil {
			return err
		}
		return pem.Encode(out, &pem.Block{Type: "OWNERSHIP VOUCHER", Bytes: value(longer)})
	}()
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
	}
}

func (w *world) rendezvous() http.Handler {
	return fdohttp.Handler{Tokens: w.met,
		TO0Responder: &fdo.TO0Server{Session: w.met, RVBlobs: w.met},
		TO1Responder: &fdo.TO1Server{Session: w.met, RVBlobs: w.met}}
}

func (w *world) register(ctx context.Context, rv string, guid protocol.GUID) error {
	if rv == "" {
		return nil
	}
	ip := net.IP{127, 0, 0, 1}
	_, err := (&fdo.TO0Client{Vouchers: w.kept, OwnerKeys: w.kept, TTL: 3600}).RegisterBlob(ctx, &fdohttp.Transport{BaseURL: rv}, guid,
		[]protocol.RvTO2Addr{{IPAddress: &ip, Port: port(w.own), TransportProtocol: protocol.HTTPTransport}})
	return err
}

func (w *world) takeVoucher(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var ov fdo.Voucher
	if block, _ := pem.Decode(body); err == nil && block != nil {
		err = cbor.Unmarshal(block.Bytes, &ov)
	} else if err == nil {
		err = fmt.Errorf("the body is not PEM")
	}
	if err == nil {
		err = ov.VerifyEntries()
	}
	if err == nil {
		err = w.kept.AddVoucher(r.Context(), &ov)
	}
	if err == nil {
		err = w.register(r.Context(), r.URL.Query().Get("rv"), ov.Header.Val.GUID)
	}
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadRequest)
	}
}

func (w *world) ownerService() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /fdo/101/msg/{msg}", fdohttp.Handler{Tokens: w.kept, TO2Responder: &fdo.TO2Server{
		Session: w.kept, Modules: modules{w}, Vouchers: w.kept, OwnerKeys: w.kept,
		RvInfo:          func(context.Context, fdo.Voucher) ([][]protocol.RvInstruction, error) { return w.rvInfo(), nil },
		ReuseCredential: func(context.Context, fdo.Voucher) (bool, error) { return w.opt.reuse, nil },
	}})
	mux.HandleFunc("GET /key", func(out http.ResponseWriter, _ *http.Request) { out.Write(publicPEM(w.kept.owner.Public())) })
	mux.HandleFunc("GET /chain", func(out http.ResponseWriter, _ *http.Request) {
		pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: w.kept.chain[0].Raw})
	})
	mux.HandleFunc("POST /vouchers", w.takeVoucher)
	mux.HandleFunc("POST /resell/{guid}", func(out http.ResponseWriter, r *http.Request) { extend(out, r, w.kept) })
	mux.HandleFunc("GET /finished", func(out http.ResponseWriter, _ *http.Request) {
		w.kept.mu.Lock()
		defer w.kept.mu.Unlock()
		json.NewEncoder(out).Encode(w.kept.finished)
	})
	return mux
}

func (w *world) serve() {
	for l, h := range map[net.Listener]http.Handler{w.mfg: w.manufacturing(), w.rv: w.rendezvous(), w.own: w.ownerService()} {
		go http.Serve(l, h)
	}
}

func servers(args []string) {
	var opt options
	f := flag.NewFlagSet("servers", flag.ExitOnError)
	f.StringVar(&opt.key, "key", "ec256", "key type of maker and owner")
	f.StringVar(&opt.download, "download", "", "a file that the device downloads")
	f.StringVar(&opt.upload, "upload", "", "a file that the device uploads")
	f.StringVar(&opt.wget, "wget", "", "a URL that the device fetches")
	f.StringVar(&opt.dir, "dir", ".", "where uploads go")
	f.BoolVar(&opt.command, "command", false, "run a command on the device")
	f.BoolVar(&opt.reuse, "reuse", false, "credential reuse")
	f.BoolVar(&opt.bypass, "bypass", false, "rendezvous bypass")
	f.IntVar(&opt.delay, "delay", 0, "delay of the directive in seconds")
	f.Parse(args)
	w := newWorld(opt)
	w.serve()
	json.NewEncoder(os.Stdout).Encode(map[string]string{"manufacturer": base(w.mfg), "rendezvous": base(w.rv), "owner": base(w.own)})
	select {}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "servers" {
		servers(os.Args[2:])
	} else if len(os.Args) > 1 && os.Args[1] == "bench" {
		bench(os.Args[2:])
	} else {
		fmt.Fprintln(os.Stderr, "usage: peer servers|bench [options]")
		os.Exit(2)
	}
}
