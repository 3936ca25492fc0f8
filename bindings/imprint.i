/* imprint.i -- the face for SWIG 4.1: Go and Python.  face.h is the manual.
 *
 * imp_span   in: []byte, or anything with the buffer protocol, lent for the
 *            call; out: a copy
 * imp_blob   out: Python has (status, bytes) */
%{
#include "face.h"
#include <stdlib.h>
%}

%ignore imp_blob;
%newobject imp_face_catalogue;
%typemap(newfree) char *imp_face_catalogue "free($1);"

/* --- Go: the low layer; package imprint is written by hand over it ---------- */
#ifdef SWIGGO
%typemap(gotype) imp_span "[]byte"
%typemap(in) imp_span {
	$1.ptr = (const uint8_t *)$input.array;
	$1.len = (size_t)$input.len;
}
/* cgo refuses memory that lies in an object with pointers, so what comes from
 * anybody is copied; records lie in the face's own buffer */
%typemap(imtype) imp_span "[]byte"
%typemap(goin) imp_span "$result = append([]byte(nil), ($input)...)"
%typemap(goin) imp_span records "$result = $input"
%typemap(imtype) imp_span records "[]byte"
/* a slice of C memory, that is copied before anybody sees it */
%typemap(out) imp_span {
	$result.array = (void *)(uintptr_t)$1.ptr;
	$result.len = (intgo)$1.len;
	$result.cap = (intgo)$1.len;
}
%typemap(goout) imp_span "$result = append([]byte(nil), ($1)...)"
#endif

/* --- Python ------------------------------------------------------------------ */
#ifdef SWIGPYTHON
%begin %{
#define PY_SSIZE_T_CLEAN
%}
%typemap(in) imp_span (Py_buffer view, int held) {
	held = 0;
	if (PyObject_GetBuffer($input, &view, PyBUF_SIMPLE) < 0)
		SWIG_fail;
	held = 1;
	$1.ptr = (const uint8_t *)view.buf;
	$1.len = (size_t)view.len;
}
%typemap(freearg) imp_span {
	if (held$argnum)
		PyBuffer_Release(&view$argnum);
}
%typemap(out) imp_span "$result = PyBytes_FromStringAndSize((const char *)$1.ptr, (Py_ssize_t)$1.len);"
%typemap(typecheck, precedence=SWIG_TYPECHECK_POINTER) imp_span "$1 = PyObject_CheckBuffer($input);"
%typemap(out) imp_blob * {
	imp_span bytes = imp_blob_bytes($1);
	$result = Py_BuildValue("(iy#)", imp_blob_status($1), (const char *)bytes.ptr, (Py_ssize_t)bytes.len);
	imp_blob_free($1);
}
/* others run while a session does: -threads, and only here */
%nothread;
%thread imp_face_run;
%thread imp_face_feed;
%thread imp_tool_keygen;
%thread imp_tool_sign;
%thread imp_tool_verify;
#endif

/* --- imprint.h: its numbers alone; face.h: all of it ------------------------- */
%include <stdint.i>
%rename("$ignore", %$isclass) "";
%rename("$ignore", %$isfunction) "";
%rename("$ignore", %$isvariable) "";
%ignore IMP_EXPORT;
%ignore IMP_PLUGIN_SYMBOL;
%include "imprint.h"
%rename("%s", %$isclass) "";
%rename("%s", %$isfunction) "";
%rename("%s", %$isvariable) "";
%include "face.h"
