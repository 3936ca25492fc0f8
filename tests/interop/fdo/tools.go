//go:build tools

package main

// The device peer is go-fdo-client's own command, pinned here.
import _ "github.com/fido-device-onboard/go-fdo-client"
