package fdo_test

import (
	"bytes"
	"encoding/pem"
	"math/rand/v2"
	"testing"

	"imprint.dev/imprint/fdo"
)

func voucher(t testing.TB) (*fdo.Voucher, []byte) {
	f, err := fdo.NewFactory()
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.Make("lamp", fdo.Bypass("owner", 80))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Voucher.Extend(f.Maker, &fdo.NewKey().PublicKey); err != nil {
		t.Fatal(err)
	}
	head, err := fdo.List(d.Voucher.Head)
	if err != nil {
		t.Fatal(err)
	}
	return d.Voucher, fdo.Encode([]any{head[0], head[1], head[2], head[3], []any{fdo.Raw(d.Voucher.Entries[0])}})
}

func TestReadVoucher(t *testing.T) {
	made, file := voucher(t)
	for _, in := range [][]byte{file, pem.EncodeToMemory(&pem.Block{Type: "OWNERSHIP VOUCHER", Bytes: file})} {
		v, err := fdo.ReadVoucher(in)
		if err != nil {
			t.Fatal(err)
		}
		if v.GUID != made.GUID || !bytes.Equal(v.Head, made.Head) || len(v.Entries) != 1 || !bytes.Equal(v.Entries[0], made.Entries[0]) {
			t.Error("read what was not written")
		}
	}
	if _, err := fdo.ReadVoucher(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: file})); err == nil {
		t.Error("a certificate is a voucher")
	}
	for n := range file {
		if _, err := fdo.ReadVoucher(file[:n]); err == nil {
			t.Fatalf("its first %d bytes are a voucher", n)
		}
	}
}

// 20,000 vouchers with something changed: errors, no panic.
func TestAnyBytes(t *testing.T) {
	_, file := voucher(t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		b := bytes.Clone(file)
		for range 1 + r.IntN(3) {
			b[r.IntN(min(len(b), 64<<r.IntN(5)))] = byte(r.Uint32())
		}
		fdo.ReadVoucher(b[:r.IntN(len(b)+1)])
		fdo.ReadVoucher(b)
	}
}
