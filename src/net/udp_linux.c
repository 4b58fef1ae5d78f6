/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batched UDP on Linux: recvmmsg into a ring, several sockets of one port with a classic BPF
 * program that steers by source address, and the kernel's own count of what it had to drop.
 * Datagrams of one sender that the network card's driver joined (UDP_GRO) come as one message with
 * the size to cut it by, so that the cost of a message is shared by all of them. The plain side is
 * udp_posix.c; what both need is in udp.c.
 */
#include "net/udp.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "net/udp_holder.h"
#include "net/udp_sock.h"

#define RCVBUF_ASKED	(UINT32_C(64) << 20)

struct udp_side {
	struct mmsghdr msg[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	struct sockaddr_storage from[UDP_BATCH];
	/* what is asked for: SO_RXQ_OVFL, one u32, and UDP_GRO, one int */
	uint8_t control[UDP_BATCH][CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(int))]
	    __attribute__((aligned(sizeof(size_t))));
	/* Messages received and not handed on yet: from `at` on, of that one from byte `cut` on. */
	unsigned at, messages;
	size_t cut;
	unsigned ask;			/* messages to ask for: about UDP_BATCH datagrams */
	bool emptied;			/* the last call got fewer than it asked for */
	wall_t arrival;
	uint32_t drops_seen;		/* the kernel's count when last looked at; it wraps */
	mono_t look_again;
};

unsigned
udp_most_workers(void)
{
	return 1024;
}

/*
 * The steering program: a multiplicative hash of the source address, modulo the number of sockets.
 * In a reuseport program the packet begins behind the UDP header, so addresses are read relative
 * to the network header. The result is the place of the socket in the order of bind.
 */
static int
steer(int fd, unsigned n)
{
	const uint32_t golden = UINT32_C(0x9e3779b1);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PROTOCOL)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 2, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_NET_OFF + 12)),
		BPF_JUMP(BPF_JMP | BPF_JA, 13, 0, 0),
		/* IPv6: four words, multiplied and folded one after the other */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_NET_OFF + 8)),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, golden),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_NET_OFF + 12)),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, golden),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_NET_OFF + 16)),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, golden),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_NET_OFF + 20)),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		/* both families: mix until every bit of the address counts in the lowest ones */
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, golden),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 15),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, golden),
		BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog prog = { .len = ARRAY_LEN(code), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog));
}

/* Ask for the buffer, beyond the machine's limit where we may. What was granted is said halved:
   the kernel doubles what it is asked for to pay for its own bookkeeping. */
static void
size_buffer(struct udp_sock *s, size_t asked)
{
	int want = asked != 0 && asked < INT32_MAX / 2 ? (int)asked : (int)RCVBUF_ASKED;
	int got = 0;
	socklen_t len = sizeof(got);

	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof(want)) != 0)
		(void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof(want));
	if (getsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &got, &len) == 0)
		s->rcvbuf = (size_t)got / 2;
}

/* A buffer smaller than asked for is the usual reason for loss, and easily mended: say how. */
static void
check_buffer(const struct udp_conf *conf, const struct udp_sock *s)
{
	size_t asked = conf->rcvbuf != 0 ? conf->rcvbuf : RCVBUF_ASKED;
	struct sbuf place = { 0 };

	if (s->rcvbuf >= asked)
		return;
	udp_place(conf, s->port, &place);
	log_warn("%s: the kernel grants a receive buffer of %zu bytes where %zu were asked for; more "
	    "with: sysctl -w net.core.rmem_max=%zu", sbuf_text(&place), s->rcvbuf, asked, asked);
	sbuf_done(&place);
}

static struct udp_sock *
wrap(int fd, size_t rcvbuf)
{
	struct udp_side *side = mem_new(sizeof(*side));
	struct udp_sock *s = udp_sock_new(fd, side);
	int on = 1;

	for (size_t i = 0; i < UDP_BATCH; i++) {
		side->iov[i].iov_base = s->ring + i * UDP_STRIDE;
		side->iov[i].iov_len = UDP_LONGEST;
		side->msg[i].msg_hdr.msg_iov = &side->iov[i];
		side->msg[i].msg_hdr.msg_iovlen = 1;
		side->msg[i].msg_hdr.msg_name = &side->from[i];
		side->msg[i].msg_hdr.msg_control = side->control[i];
	}
	side->ask = UDP_BATCH;
	(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
	(void)setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
	size_buffer(s, rcvbuf);
	return s;
}

/*
 * Is the port free? A second process with SO_REUSEPORT would bind without an error and take part
 * of the exporters, so the first bind is made without it. Gives the port, which the kernel chose
 * where it was 0; 0 with a sentence in err.
 */
static uint16_t
probe(const struct udp_conf *conf, struct sbuf *err)
{
	int fd = udp_bind(conf, conf->port, false);
	uint16_t port;

	if (fd < 0) {
		int why = errno;

		udp_place(conf, conf->port, err);
		if (why == EADDRINUSE) {
			sbuf_str(err, " is in use by ");
			udp_holder(conf->port, err);
		} else {
			sbuf_printf(err, ": %s", strerror(why));
		}
		return 0;
	}
	port = udp_bound_port(fd);
	close(fd);
	return port;
}

int
udp_open(const struct udp_conf *conf, unsigned n, struct udp_sock *ret[], struct sbuf *err)
{
	uint16_t port = probe(conf, err);
	unsigned done = 0;
	int fd;

	assert(n >= 1 && n <= udp_most_workers());
	if (port == 0)
		return -1;
	while (done < n && (fd = udp_bind(conf, port, n > 1)) >= 0)
		ret[done++] = wrap(fd, conf->rcvbuf);
	if (done == n && (n == 1 || steer(udp_fd(ret[0]), n) == 0)) {
		check_buffer(conf, ret[0]);
		return 0;
	}
	udp_place(conf, port, err);
	sbuf_printf(err, ": socket %u of %u: %s", done, n, strerror(errno));
	while (done > 0)
		udp_close(ret[--done]);
	return -1;
}

/* The kernel's count went from drops_seen to `drops`. Reports overtake each other: SO_MEMINFO is
   of now, a datagram's of when it was queued; an older one adds nothing. */
static void
note_drops(struct udp_sock *s, uint32_t drops)
{
	int32_t more = (int32_t)(drops - s->side->drops_seen);

	if (more > 0) {
		count_add(&s->counters.kernel_drops, (uint64_t)more);
		s->side->drops_seen = drops;
	}
}

/* What came with a message. Gives the length of the datagrams that it joins, 0: it is one. */
static size_t
read_control(struct udp_sock *s, struct msghdr *hdr)
{
	uint32_t drops;
	int size = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c != NULL; c = CMSG_NXTHDR(hdr, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&drops, CMSG_DATA(c), sizeof(drops));
			note_drops(s, drops);
		} else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
			memcpy(&size, CMSG_DATA(c), sizeof(size));
		}
	}
	return size > 0 ? (size_t)size : 0;
}

/* Once a second the count is asked for: a socket that is drowned to silence shows it too. */
static void
look_at_drops(struct udp_sock *s, mono_t now)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t len = sizeof(info);

	if (mono_since(now, s->side->look_again) < 0)
		return;
	s->side->look_again = mono_add(now, NS_PER_SEC);
	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0 &&
	    len > SK_MEMINFO_DROPS * sizeof(info[0]))
		note_drops(s, info[SK_MEMINFO_DROPS]);
}

/* Fill the ring from the socket. False where there was nothing. */
static bool
refill(struct udp_sock *s)
{
	struct udp_side *side = s->side;
	int n;

	for (size_t i = 0; i < side->ask; i++) {
		side->msg[i].msg_hdr.msg_namelen = sizeof(side->from[i]);
		side->msg[i].msg_hdr.msg_controllen = sizeof(side->control[i]);
	}
	side->at = side->messages = 0;
	n = recvmmsg(s->fd, side->msg, side->ask, MSG_DONTWAIT, NULL);
	look_at_drops(s, mono_now());
	side->emptied = n < (int)side->ask;
	if (n <= 0)
		return false;
	side->messages = (unsigned)n;
	side->arrival = wall_now();
	return true;
}

/* The datagrams of the next message, as many as there is room for; `cut` stays where it ended. */
static size_t
cut_message(struct udp_sock *s, struct dgram *ret, size_t room)
{
	struct udp_side *side = s->side;
	const uint8_t *bytes = side->iov[side->at].iov_base;
	struct mmsghdr *msg = &side->msg[side->at];
	size_t len = msg->msg_len, n = 0, joined = read_control(s, &msg->msg_hdr);
	struct dgram d = { .to_port = s->port, .arrival = side->arrival };

	d.from = addr_of_sockaddr(msg->msg_hdr.msg_name, &d.from_port);
	if (side->cut == 0 && (msg->msg_hdr.msg_flags & MSG_TRUNC) != 0)
		count(&s->counters.truncated);
	do {
		d.bytes = bytes + side->cut;
		d.len = len - side->cut;
		if (joined > 0 && d.len > joined)
			d.len = joined;
		side->cut += d.len;
		ret[n++] = d;
	} while (side->cut < len && n < room);
	if (side->cut >= len) {
		side->at++;
		side->cut = 0;
	}
	return n;
}

size_t
udp_receive(struct udp_sock *s, struct dgram ret[UDP_BATCH])
{
	struct udp_side *side = s->side;
	uint64_t bytes = 0;
	size_t n = 0;

	if (side->at == side->messages && !refill(s)) {
		s->drained = true;
		return 0;
	}
	while (n < UDP_BATCH && side->at < side->messages)
		n += cut_message(s, ret + n, UDP_BATCH - n);
	/* Joined datagrams fill a batch with few messages; more would only spread over the ring. */
	if (side->at < side->messages)
		side->ask = side->ask > 8 ? side->ask / 2 : 4;
	else if (n < UDP_BATCH)
		side->ask = side->ask < UDP_BATCH / 2 ? side->ask * 2 : UDP_BATCH;
	s->drained = side->emptied && side->at == side->messages;
	for (size_t i = 0; i < n; i++)
		bytes += ret[i].len;
	count_add(&s->counters.datagrams, n);
	count_add(&s->counters.bytes, bytes);
	return n;
}
