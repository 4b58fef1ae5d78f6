/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints waybill.conf(5): `make manual` puts it into docs/man. */
#include <stdio.h>

#include "conf/manual.h"

int
main(void)
{
	struct sbuf b = { 0 };
	int ret;

	conf_manual(&b);
	ret = fputs(sbuf_text(&b), stdout) < 0 || fflush(stdout) != 0;
	sbuf_done(&b);
	return ret;
}
