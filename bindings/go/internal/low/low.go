// Package low is what SWIG makes of the C face (bindings/face.h): one Go
// function for each C function, and nothing else.  Package imprint is for
// people.
package low

// #cgo pkg-config: imprint-face
import "C"
