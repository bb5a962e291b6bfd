#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What libcore leaves undefined must be something that only computes.

A list of what is allowed, not of what is forbidden: a new symbol needs a line here, and a
reason.
"""
import re
import subprocess
import sys

ALLOWED = re.compile(r"""^(
    # memory and strings
    mem(cpy|move|set|cmp|chr|rchr|mem) | __mem(cpy|move|set)_chk | strlen | rawmemchr
  | malloc | calloc | realloc | free
    # text into a buffer
  | (__)?vsnprintf(_chk)? | (__)?snprintf(_chk)?
    # assert, stack protector
  | __assert_fail | __stack_chk_fail
    # libcrypto: computes, in a library context of our own without configuration file
  | EVP_\w+ | OSSL_LIB_CTX_(new|free) | OSSL_PARAM_\w+ | OSSL_PROVIDER_(load|unload)
  | BN_\w+ | ERR_clear_error | HMAC | RAND_bytes_ex | CRYPTO_memcmp | OPENSSL_cleanse
  | ERR_(set_mark|pop_to_mark) | OSSL_(DE|EN)CODER_\w+ | i2d_PUBKEY | CRYPTO_(clear_)?free
    # libidn2
  | idn2_\w+
    # libpsl, its list read from memory: fmemopen opens no file
  | psl_(load_fp|free|unregistrable_domain|registrable_domain|is_public_suffix2?) | fmemopen
  | fclose
    # libzscanner, fed strings only
  | zs_(init|deinit|set_input_string|parse_record|strerror|set_processing)
    # sorting
  | qsort
    # the linker's own
  | _GLOBAL_OFFSET_TABLE_
)$""", re.VERBOSE)


def main():
    library = sys.argv[1]
    listing = subprocess.run(["nm", "--format=posix", library], check=True,
                             capture_output=True, text=True).stdout
    defined, undefined = set(), {}
    member = ""
    for line in listing.splitlines():
        if line.endswith(":"):
            member = line[:-1]
            continue
        parts = line.split()
        if len(parts) < 2:
            continue
        if parts[1] == "U":
            undefined.setdefault(parts[0], member)
        elif parts[1] not in ("w", "v"):
            defined.add(parts[0])
    faults = sorted(f"{name} (in {where})" for name, where in undefined.items()
                    if name not in defined and not ALLOWED.match(name))
    print("1..1")
    print(("not ok" if faults else "ok") + " 1 - core calls only what computes")
    for fault in faults:
        print("# " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
