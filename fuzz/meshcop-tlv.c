/* meshcop-tlv.c -- what reads as a message is written and reads the same again. */
#include "span.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void finalize(imp_span in, uint8_t *to, size_t cap)
{
	imp_wr w = imp_wr_to(to, cap);
	thread_finalize f, again;
	if (thread_read_finalize(in, &f))
		return;
	inside(in, f.vendor), inside(in, f.url), inside(in, f.data);
	thread_put_finalize(&w, &f);
	must(imp_wr_end(&w) == IMP_OK && w.len <= THREAD_FINALIZE_MAX && !thread_read_finalize(imp_wr_span(&w), &again));
	must(again.state == f.state && imp_same(again.vendor, f.vendor) && imp_same(again.model, f.model) && imp_same(again.version, f.version) && imp_same(again.data, f.data)
		&& imp_same(again.stack, f.stack) && imp_same(again.url, f.url));
}

static void relay(imp_span in, uint8_t *to, size_t cap)
{
	imp_wr w = imp_wr_to(to, cap);
	thread_relay r, again;
	if (thread_read_relay(in, &r))
		return;
	inside(in, r.encap), inside(in, r.kek);
	thread_put_relay(&w, &r);
	must(imp_wr_end(&w) == IMP_OK && !thread_read_relay(imp_wr_span(&w), &again));
	must(again.port == r.port && again.router == r.router && !memcmp(again.iid, r.iid, THREAD_ID) && imp_same(again.encap, r.encap) && imp_same(again.kek, r.kek));
}

static void petition(imp_span in, uint8_t *to, size_t cap)
{
	imp_wr w = imp_wr_to(to, cap);
	thread_petition p, again;
	if (thread_read_petition(in, &p))
		return;
	thread_put_petition(&w, &p);
	must(imp_wr_end(&w) == IMP_OK && !thread_read_petition(imp_wr_span(&w), &again));
	must(again.state == p.state && again.session == p.session && imp_same(again.commissioner, p.commissioner) && imp_same(again.steering, p.steering));
}

static void label(imp_span in)
{
	uint8_t eui[THREAD_ID], text[THREAD_LABEL_MAX];
	imp_wr w = imp_wr_to(text, sizeof text);
	imp_span pskd, again;
	int has;
	if (thread_read_label(in, eui, &has, &pskd))
		return;
	inside(in, pskd);
	if (!has)
		return;
	thread_put_label(&w, eui, pskd);
	must(imp_wr_end(&w) == IMP_OK && !thread_read_label(imp_wr_span(&w), eui, &has, &again) && has && imp_same(again, pskd));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	imp_span in = imp_bytes(data, n);
	uint8_t *to = malloc(n + 64);
	must(to != NULL);
	if (thread_check(in) == IMP_OK && !thread_check_dataset(in))
		must(n <= THREAD_DATASET);
	finalize(in, to, n + 64);
	relay(in, to, n + 64);
	petition(in, to, n + 64);
	label(in);
	if (n >= THREAD_ID)
		thread_steered(imp_bytes(data + THREAD_ID, n - THREAD_ID), data);
	free(to);
	return 0;
}
