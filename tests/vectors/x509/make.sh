#!/bin/sh -e
# Makes the chains of this directory anew with the OpenSSL command line; all
# keys here are throw-away test keys.  Usage: sh make.sh
cd "$(dirname "$0")"
t=$(mktemp -d)
trap 'rm -r "$t"' EXIT

key() # name, what
{
	case $2 in
	rsa) openssl genrsa -out "$t/$1.key" 2048 2>/dev/null ;;
	ed) openssl genpkey -algorithm ed25519 -out "$t/$1.key" ;;
	*) openssl ecparam -name "$2" -genkey -noout -out "$t/$1.key" ;;
	esac
}

root() # name, subject, hash, extensions
{
	openssl req -x509 -new -key "$t/$1.key" -subj "$2" "$3" -days 10950 -config /dev/null -addext "$4" \
		-addext "${5:-keyUsage=critical,keyCertSign,cRLSign}" -out "$t/$1.pem"
}

cert() # name, subject, issuer, hash, extensions
{
	printf '%b' "$5" > "$t/ext"
	openssl req -new -key "$t/$1.key" -subj "$2" -config /dev/null -out "$t/csr" "$4"
	openssl x509 -req -in "$t/csr" -CA "$t/$3.pem" -CAkey "$t/$3.key" -set_serial "0x$(openssl rand -hex 8)" "$4" \
		-days "${6:-10000}" -extfile "$t/ext" -out "$t/$1.pem" 2>/dev/null
}

ca='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n'
end='basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n'

key root prime256v1; root root '/O=imprint/CN=root' -sha256 basicConstraints=critical,CA:TRUE
key mid prime256v1; cert mid '/O=imprint/CN=mid' root -sha256 "$ca"
key leaf prime256v1; cert leaf '/O=imprint/CN=leaf/serialNumber=42' mid -sha256 "$end" 3650
key other prime256v1; root other '/O=imprint/CN=root' -sha256 basicConstraints=critical,CA:TRUE # same name, another key

# The same key as mid's under another name: its leaf has the right signature and the wrong name.
cp "$t/mid.key" "$t/alias.key"; cert alias '/O=imprint/CN=alias' root -sha256 "$ca"
key misnamed prime256v1; cert misnamed '/CN=misnamed' alias -sha256 "$end"

key notca prime256v1; cert notca '/CN=not a CA' root -sha256 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign\n'
key under_notca prime256v1; cert under_notca '/CN=leaf' notca -sha256 "$end"
key nosign prime256v1; cert nosign '/CN=may not sign' root -sha256 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n'
key under_nosign prime256v1; cert under_nosign '/CN=leaf' nosign -sha256 "$end"
key v1 prime256v1
openssl req -new -key "$t/v1.key" -subj '/CN=version 1' -config /dev/null -out "$t/csr"
openssl x509 -req -in "$t/csr" -CA "$t/root.pem" -CAkey "$t/root.key" -set_serial 7 -days 10000 -out "$t/v1.pem" 2>/dev/null
key under_v1 prime256v1; cert under_v1 '/CN=leaf' v1 -sha256 "$end"

key short prime256v1; root short '/CN=path length 0' -sha256 basicConstraints=critical,CA:TRUE,pathlen:0
key short_mid prime256v1; cert short_mid '/CN=one too many' short -sha256 "$ca"
key short_leaf prime256v1; cert short_leaf '/CN=leaf' short_mid -sha256 "$end"
key short_direct prime256v1; cert short_direct '/CN=leaf' short -sha256 "$end"
# Self-issued (a key roll-over) does not count.
key rolled prime256v1; cert rolled '/CN=path length 0' short -sha256 "$ca"
key rolled_leaf prime256v1; cert rolled_leaf '/CN=leaf' rolled -sha256 "$end"

key critical prime256v1; cert critical '/CN=critical' mid -sha256 "${end}1.2.3.4=critical,ASN1:NULL\n"
key harmless prime256v1; cert harmless '/CN=harmless' mid -sha256 "${end}1.2.3.4=ASN1:NULL\n"
key purpose prime256v1; cert purpose '/CN=purpose' mid -sha256 "${end}extendedKeyUsage=critical,clientAuth\nsubjectAltName=DNS:a.example\n"

key r384 secp384r1; root r384 '/CN=root 384' -sha384 basicConstraints=critical,CA:TRUE
key l384 secp384r1; cert l384 '/CN=leaf 384' r384 -sha384 "$end"
key mixed prime256v1; cert mixed '/CN=SHA-256 by P-384' r384 -sha256 "$end"
key r521 secp521r1; root r521 '/CN=root 521' -sha512 basicConstraints=critical,CA:TRUE
key l521 secp521r1; cert l521 '/CN=leaf 521' r521 -sha512 "$end"
key rrsa rsa; root rrsa '/CN=root RSA' -sha256 basicConstraints=critical,CA:TRUE
key lrsa rsa; cert lrsa '/CN=leaf RSA' rrsa -sha384 "$end"
key k1 secp256k1; root k1 '/CN=a curve not known here' -sha256 basicConstraints=critical,CA:TRUE
openssl req -new -key "$t/k1.key" -subj '/CN=k1' -config /dev/null -outform DER -out k1-csr.der
key strange prime256v1; root strange '/CN=strange root' -sha256 basicConstraints=critical,CA:TRUE 1.2.3.4=critical,ASN1:NULL
key under_strange prime256v1; cert under_strange '/CN=leaf' strange -sha256 "$end"
key ed ed; root ed '/CN=Ed25519' -sha256 basicConstraints=critical,CA:TRUE

for f in "$t"/*.pem; do
	openssl x509 -in "$f" -outform DER -out "$(basename "$f" .pem).der"
done
openssl ec -in "$t/root.key" -outform DER -out root-sec1.key 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$t/root.key" -outform DER -out root-pkcs8.key
openssl pkcs8 -topk8 -nocrypt -in "$t/r384.key" -outform DER -out r384-pkcs8.key
openssl pkcs8 -topk8 -nocrypt -in "$t/rrsa.key" -outform DER -out rrsa-pkcs8.key
openssl rsa -in "$t/rrsa.key" -traditional -outform DER -out rrsa-pkcs1.key 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$t/ed.key" -outform DER -out ed-pkcs8.key
openssl pkcs8 -topk8 -nocrypt -in "$t/r521.key" -outform DER -out r521-pkcs8.key
