# Merkle trees and proofs straight from the definitions of RFC 6962 section 2.1: an oracle for tests.
#
# Reads questions from standard input, one a line, and answers each with a line of hex hashes:
#   leaf HEX...      the hashes of these leaves, which the questions below are about
#   root N           MTH(D[N])
#   path M N         PATH(M, D[N])
#   proof M N        PROOF(M, D[N])
import hashlib
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


def split(n):
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d):
    if not d:
        return sha256(b"")
    if len(d) == 1:
        return sha256(b"\x00" + d[0])
    k = split(len(d))
    return sha256(b"\x01" + mth(d[:k]) + mth(d[k:]))


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    if m < k:
        return path(m, d[:k]) + [mth(d[k:])]
    return path(m - k, d[k:]) + [mth(d[:k])]


def subproof(m, d, b):
    if m == len(d):
        return [] if b else [mth(d)]
    k = split(len(d))
    if m <= k:
        return subproof(m, d[:k], b) + [mth(d[k:])]
    return subproof(m - k, d[k:], False) + [mth(d[:k])]


leaves = []
for line in sys.stdin:
    word, *rest = line.split()
    if word == "leaf":
        leaves = [bytes.fromhex(x) if x != "-" else b"" for x in rest]
        answer = [sha256(b"\x00" + x) for x in leaves]
    elif word == "root":
        answer = [mth(leaves[: int(rest[0])])]
    elif word == "path":
        answer = path(int(rest[0]), leaves[: int(rest[1])])
    else:
        answer = subproof(int(rest[0]), leaves[: int(rest[1])], True)
    print(" ".join(x.hex() for x in answer))
