/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints waybill.maps(5): `make manual` puts it into docs/man. */
#include <stdio.h>

#include "flow/maps_manual.h"

int
main(void)
{
	struct sbuf b = { 0 };
	int ret;

	maps_manual(&b);
	ret = fputs(sbuf_text(&b), stdout) < 0 || fflush(stdout) != 0;
	sbuf_done(&b);
	return ret;
}
