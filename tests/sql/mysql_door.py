#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The door of a MySQL 8 server, and nothing behind it: Debian has no such server.

It asks for caching_sha2_password (dev.mysql.com, "Caching_sha2_password information"), by the password's
hash where it is cached (fast), else by the password itself over TLS, or under its RSA key. Whoever comes in
has each statement refused. A line is printed for each who comes.

    mysql_door.py PASSWORD fast|full unix:PATH | PORT [CERT KEY]      with CERT and KEY: TLS
    the RSA key pair: rsa.pem and rsa.pub in the working folder
"""
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import sys

PLUGIN = b"caching_sha2_password"
SSL, PLUGIN_AUTH = 1 << 11, 1 << 19
ABLE = 1 | 8 | 1 << 7 | 1 << 9 | 1 << 13 | 1 << 15 | PLUGIN_AUTH | 1 << 21
REFUSED = b"#42000there is nothing behind this door"


class Wire:
    """Packets: three bytes of length, one of sequence."""

    def __init__(self, sock):
        self.sock, self.seq = sock, 0

    def exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def read(self):
        head = self.exactly(4)
        self.seq = head[3] + 1
        return self.exactly(int.from_bytes(head[:3], "little"))

    def write(self, body):
        self.sock.sendall(len(body).to_bytes(3, "little") + bytes([self.seq & 255]) + body)
        self.seq += 1

    def refuse(self, code, text):
        self.write(b"\xff" + struct.pack("<H", code) + text)

    def ok(self):
        self.write(b"\0\0\0\2\0\0\0")


def greeting(nonce, tls):
    able = ABLE | (SSL if tls else 0)
    return (b"\x0a8.0.36\0" + struct.pack("<I", 7) + nonce[:8] + b"\0" + struct.pack("<H", able & 0xffff) +
            b"\x2d" + struct.pack("<HH", 2, able >> 16) + b"\x15" + bytes(10) + nonce[8:] + b"\0" + PLUGIN + b"\0")


def scramble(password, nonce):
    one = hashlib.sha256(password).digest()
    two = hashlib.sha256(hashlib.sha256(one).digest() + nonce).digest()
    return bytes(a ^ b for a, b in zip(one, two))


def answer_of(body):
    """User, response and plugin of a HandshakeResponse41."""
    user, _, rest = body[32:].partition(b"\0")
    response = rest[1:1 + rest[0]]
    return user, response, PLUGIN in rest


def whole_password(wire, nonce, safe):
    """How the client hands its password over where the hash is not known."""
    wire.write(b"\1\4")
    said = wire.read()
    if said != b"\2":
        return "clear" if safe else "CLEAR WITHOUT PROTECTION", said.rstrip(b"\0")
    with open("rsa.pub", "rb") as f:
        wire.write(b"\1" + f.read())
    plain = subprocess.run(["openssl", "pkeyutl", "-decrypt", "-inkey", "rsa.pem", "-pkeyopt",
                            "rsa_padding_mode:oaep"], input=wire.read(), capture_output=True, check=True).stdout
    return "rsa", bytes(c ^ nonce[i % 20] for i, c in enumerate(plain)).rstrip(b"\0")


def let_in(wire, password, fast, safe, nonce, body):
    user, response, knows = answer_of(body)
    if not knows:
        wire.write(b"\xfe" + PLUGIN + b"\0" + nonce + b"\0")
        response = wire.read()
    how, good = "fast", response == scramble(password, nonce)
    if good and fast:
        wire.write(b"\1\3")
    elif not fast:
        how, said = whole_password(wire, nonce, safe)
        good = said == password
    print("came", user.decode(), how, "in" if good else "not in", flush=True)
    if good:
        wire.ok()
    else:
        wire.refuse(1045, b"#28000Access denied for user '" + user + b"'")
    return good


def serve(sock, password, fast, local, tls):
    nonce = bytes(33 + b % 90 for b in os.urandom(20))
    wire = Wire(sock)
    wire.write(greeting(nonce, tls))
    body = wire.read()
    if int.from_bytes(body[:4], "little") & SSL:
        wire.sock = tls.wrap_socket(sock, server_side=True)
        body = wire.read()
    if not let_in(wire, password, fast, local or wire.sock is not sock, nonce, body):
        return
    while True:
        wire.seq = 0
        if wire.read()[0] == 1:
            return
        wire.refuse(1044, REFUSED)


def main():
    password, fast, place = sys.argv[1].encode(), sys.argv[2] == "fast", sys.argv[3]
    tls = None
    if len(sys.argv) > 4:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(sys.argv[4], sys.argv[5])
    local = place.startswith("unix:")
    listener = socket.socket(socket.AF_UNIX if local else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(place[5:] if local else ("127.0.0.1", int(place)))
    listener.listen()
    print("open", flush=True)
    while True:
        sock, _ = listener.accept()
        sock.settimeout(10)
        try:
            serve(sock, password, fast, local, tls)
        except (EOFError, OSError) as e:
            print("left", repr(e), flush=True)
        sock.close()


main()
