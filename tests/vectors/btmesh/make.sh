#!/bin/sh
# make.sh -- certificates of a mesh device whose key is the sample data's, made
# anew: throw-away CAs, OpenSSL 3.
set -eu
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
uuid=00112233-4455-6677-8899-AABBCCDDEEFF
key() { openssl ecparam -name "${2:-prime256v1}" -genkey -noout -out "$tmp/$1.key"; }
# The sample's private key, with its public half, as SEC 1.
{
	printf '30770201010420529aa0670d72cd6497502ed473502b037e8803b5c60829a5a3caa219505530baa00a06082a8648ce3d030107a14403420004'
	printf 'f465e43ff23d3f1b9dc7dfc04da8758184dbc966204796eccf0d6cf5e16500cc0201d048bcbbd899eeefc424164e33c201c2b010ca6b4d43a8a155cad8ecb279'
} | xxd -r -p | openssl ec -inform DER -out "$tmp/device.key" 2>/dev/null
for n in ca other; do
	key $n
	openssl req -x509 -new -key "$tmp/$n.key" -subj "/CN=mesh $n" -days 36500 -addext keyUsage=critical,keyCertSign -addext basicConstraints=critical,CA:TRUE -out "$tmp/$n.pem"
	openssl x509 -in "$tmp/$n.pem" -outform DER -out $n.der
done
issue() { # issue NAME KEY SUBJECT ISSUER DAYS EXTENSIONS...
	name=$1 k=$2 subject=$3 issuer=$4 days=$5
	shift 5
	printf '%s\n' "$@" >"$tmp/ext"
	openssl req -new -key "$tmp/$k.key" -subj "$subject" -out "$tmp/csr"
	openssl x509 -req -in "$tmp/csr" -CA "$tmp/$issuer.pem" -CAkey "$tmp/$issuer.key" -CAcreateserial -CAserial "$tmp/serial" -days "$days" -extfile "$tmp/ext" -out "$tmp/$name.pem" 2>/dev/null
	openssl x509 -in "$tmp/$name.pem" -outform DER -out "$name.der"
}
agree='keyUsage=critical,keyAgreement'
key mid
issue mid mid "/CN=mesh mid" ca 36500 'keyUsage=critical,keyCertSign' 'basicConstraints=critical,CA:TRUE'
issue device device "/O=Example/CN=$uuid" ca 36500 "$agree" 'basicConstraints=CA:FALSE'
issue under-mid device "/CN=$uuid 05F1 0001" mid 36500 "$agree"
issue named-otherwise device "/CN=01112233-4455-6677-8899-AABBCCDDEEFF" ca 36500 "$agree"
issue for-signing device "/CN=$uuid" ca 36500 'keyUsage=critical,digitalSignature'
key wide secp384r1
issue wide wide "/CN=$uuid" ca 36500 "$agree"
key stranger
issue stranger stranger "/CN=$uuid" ca 36500 "$agree"
