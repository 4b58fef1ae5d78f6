/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's side of the control socket. */
#include <errno.h>
#include <unistd.h>

#include "ctl/command.h"
#include "net/local.h"

int
ctl_request(const char *path, int argc, char **argv, bool json, struct sbuf *out, int *ret_status)
{
	struct sbuf line = { 0 };
	char bytes[16384], status = 0;
	int fd = local_dial(path), result = -1;
	ssize_t n;

	if (fd < 0)
		return -1;
	sbuf_str(&line, json ? "json" : "text");
	for (int i = 0; i < argc; i++) {
		sbuf_char(&line, '\t');
		sbuf_str(&line, argv[i]);
	}
	sbuf_char(&line, '\n');
	if (local_send(fd, line.text, line.len) == 0) {
		size_t skip = 2;		/* the status digit and its line end */

		while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
			size_t from = (size_t)n < skip ? (size_t)n : skip;

			if (status == 0)
				status = bytes[0];
			sbuf_add(out, bytes + from, (size_t)n - from);
			skip -= from;
		}
		result = n == 0 && status != 0 ? 0 : -1;
		if (result != 0 && n == 0)
			errno = ECONNRESET;
	}
	*ret_status = status == '0' ? 0 : 1;
	sbuf_done(&line);
	close(fd);
	return result;
}
