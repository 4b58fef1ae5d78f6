/* SPDX-License-Identifier: BSD-2-Clause */
/* Bursts of datagrams; see sender.h. Elsewhere than on Linux a datagram is a call. */
#include "sim/sender.h"

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MOST	65000		/* bytes that one message with segments may have */

/* Is it worth trying again? Waits a little where it is. */
static bool
try_again(void)
{
	if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
		return false;
	usleep(100);
	return true;
}

#ifdef WB_LINUX

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(uint16_t))];
};

/* How many neighbours may be one message: of equal length, the last one may be shorter. */
static unsigned
neighbours(const struct iovec *part, unsigned n, unsigned segments)
{
	size_t bytes = part[0].iov_len;
	unsigned k = 1;

	while (k < n && k < segments && part[k - 1].iov_len == part[0].iov_len &&
	    part[k].iov_len <= part[0].iov_len && bytes + part[k].iov_len <= MESSAGE_MOST)
		bytes += part[k++].iov_len;
	return k;
}

static void
set_segment(struct msghdr *hdr, union control *control, size_t len)
{
	const uint16_t size = (uint16_t)len;
	struct cmsghdr *c;

	hdr->msg_control = control->bytes;
	hdr->msg_controllen = sizeof(control->bytes);
	c = CMSG_FIRSTHDR(hdr);
	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(c), &size, sizeof(size));
}

unsigned
sender_send(int fd, struct iovec *part, unsigned n, unsigned segments)
{
	struct mmsghdr msg[SENDER_BURST];
	union control control[SENDER_BURST];
	unsigned messages = 0, sent = 0;
	int taken;

	for (unsigned at = 0; at < n; messages++) {
		unsigned k = neighbours(part + at, n - at, segments);

		msg[messages] = (struct mmsghdr){ .msg_hdr = { .msg_iov = part + at,
		    .msg_iovlen = k } };
		if (k > 1)
			set_segment(&msg[messages].msg_hdr, &control[messages], part[at].iov_len);
		at += k;
	}
	while ((taken = sendmmsg(fd, msg, messages, 0)) < 0)
		if (!try_again())
			return 0;
	for (int i = 0; i < taken; i++)
		sent += (unsigned)msg[i].msg_hdr.msg_iovlen;
	return sent;
}

#else

unsigned
sender_send(int fd, struct iovec *part, unsigned n, unsigned segments)
{
	(void)n;
	(void)segments;
	while (send(fd, part[0].iov_base, part[0].iov_len, 0) < 0)
		if (!try_again())
			return 0;
	return 1;
}

#endif
