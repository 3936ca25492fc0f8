/* rdwr.c -- the cursors: sticky errors, exact ends, measuring. */
#include "guard.h"
#include "rd.h"
#include "t.h"
#include "wr.h"

static void reading(void)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
	imp_rd r = imp_rd_of(guard_span(0, imp_bytes(bytes, sizeof bytes)));
	t_check("big-endian numbers", imp_rd_u8(&r) == 1 && imp_rd_be16(&r) == 0x203 && imp_rd_be32(&r) == 0x04050607 && imp_rd_end(&r) == IMP_OK, "");
	r = imp_rd_of(imp_bytes(bytes, 3));
	imp_rd_be16(&r);
	t_check("trailing bytes are IMP_EBADMSG", imp_rd_end(&r) == IMP_EBADMSG, "");
	t_check("a read past the end yields 0 and sticks", imp_rd_be32(&r) == 0 && imp_rd_u8(&r) == 0 && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = imp_rd_of(imp_bytes(bytes, 2));
	t_check("a length near SIZE_MAX does not wrap", imp_rd_bytes(&r, SIZE_MAX).ptr == NULL && imp_rd_end(&r) == IMP_EBADMSG, "");
	r = imp_rd_of(imp_bytes(NULL, 0));
	t_check("nothing is a good input", imp_rd_rest(&r).len == 0 && imp_rd_end(&r) == IMP_OK, "");
}

static void writing(void)
{
	uint8_t b[4] = {0, 0, 0, 9};
	imp_wr w = imp_wr_to(b, 3);
	imp_wr_be16(&w, 0x102);
	imp_wr_u8(&w, 3);
	t_check("writes fit exactly", imp_wr_end(&w) == IMP_OK && imp_wr_span(&w).len == 3 && b[2] == 3, "");
	imp_wr_u8(&w, 4);
	t_check("past the end nothing is written but counted", imp_wr_end(&w) == IMP_ENOSPC && b[3] == 9 && imp_wr_need(&w) == 4 && imp_wr_span(&w).len == 0, "");
	w = imp_wr_to(NULL, 0);
	imp_wr_be64(&w, 1);
	imp_wr_text(&w, "abc");
	t_check("measuring without memory", imp_wr_need(&w) == 11 && imp_wr_end(&w) == IMP_ENOSPC, "");
}

int main(void)
{
	reading();
	writing();
	return t_end();
}
