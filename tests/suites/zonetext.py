# SPDX-License-Identifier: BSD-2-Clause
"""The zone data of the SPF suites (YAML) as a master file with our fault comments."""


def octets(text):
    """Characters above 0x7f stand for octets."""
    return text.encode("latin-1", "replace") if isinstance(text, str) else bytes(text)


def quoted(text):
    out = ['"']
    for octet in octets(text):
        if octet in b'"\\':
            out.append("\\" + chr(octet))
        elif 0x20 <= octet <= 0x7e:
            out.append(chr(octet))
        else:
            out.append(f"\\{octet:03d}")
    return "".join(out) + '"'


def name_of(name):
    out = []
    for octet in octets(name.rstrip(".")):
        char = chr(octet)
        if char.isalnum() and octet < 0x80 or char in "-_.":
            out.append(char)
        else:
            out.append(f"\\{octet:03d}")
    return "".join(out) + "."


def is_name(name):
    labels = name.rstrip(".").split(".")
    return all(0 < len(label) <= 63 for label in labels) and len(name) < 254


def pieces_of(value):
    """The character-strings of one TXT record."""
    strings = [value] if isinstance(value, str) else value or [""]
    for text in strings:
        for start in range(0, max(len(text), 1), 255):
            yield text[start:start + 255]


def record_line(name, kind, value):
    if kind in ("TXT", "SPF"):
        data = " ".join(quoted(piece) for piece in pieces_of(value))
        return f"{name_of(name)} IN {'TYPE99' if kind == 'SPF' else kind} {data}"
    if kind == "MX":
        preference, exchange = value
        return f"{name_of(name)} IN MX {preference} {name_of(exchange) if exchange else '.'}"
    if kind in ("PTR", "CNAME"):
        return f"{name_of(name)} IN {kind} {name_of(value)}"
    return f"{name_of(name)} IN {kind} {value}"


def lines_of(name, entries):
    kinds = [next(iter(entry)) for entry in entries if isinstance(entry, dict)]
    for entry in entries:
        if entry == "TIMEOUT":
            yield f"; yett: timeout {name_of(name)} ANY"
            continue
        (kind, value), = entry.items()
        if value == "TIMEOUT":
            yield f"; yett: timeout {name_of(name)} {kind}"
        elif value == "NONE":
            yield f"{name_of(name)} IN HINFO \"\" \"\""  # the name is there, the type is not
        elif kind == "SPF":
            # Type 99 is published as TXT too where the suite has no TXT of its own.
            if "TXT" not in kinds:
                yield record_line(name, "TXT", value)
        elif kind in ("MX", "PTR", "CNAME") and not is_name(
                value[1] if kind == "MX" else value) and value != [0, ""]:
            continue  # no name of DNS: cannot be published
        else:
            yield record_line(name, kind, value)


def zone_text(zonedata):
    lines = ["$TTL 3600"]
    for name, entries in zonedata.items():
        name = str(name)
        if is_name(name):
            lines += lines_of(name, entries)
    return "\n".join(lines) + "\n"
