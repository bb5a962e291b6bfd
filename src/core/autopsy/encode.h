/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_CORE_AUTOPSY_ENCODE_H
#define YETT_CORE_AUTOPSY_ENCODE_H

#include "core/autopsy/inside.h"

/* encode: transfer encodings of MIME (RFC 2045 sections 6.7 and 6.8), lenient to read. */

void autopsy_decode_quoted(struct autopsy_out *out, slice text);
void autopsy_decode_base64(struct autopsy_out *out, slice text);

/* Lines of at most 76 octets, as most programs write them. */
void autopsy_encode_quoted(struct autopsy_out *out, slice text);

/* `width` 0: all on one line.  No line end behind the last line. */
void autopsy_encode_base64(struct autopsy_out *out, slice octets, size_t width);

/* "=41", or "%41" in links: `mark` and two digits are an octet. */
void autopsy_decode_escapes(struct autopsy_out *out, slice text, char mark);

/* From UTF-8 to windows-1252, of which iso-8859-1 is a part, and back.  `out` needs thrice the
   room of the text.  False where a character is in only one of them, or none is beyond ASCII. */
bool autopsy_to_western(struct autopsy_out *out, slice text);
bool autopsy_from_western(struct autopsy_out *out, slice text);

/* Every LF without CR gets one. */
void autopsy_add_crlf(struct autopsy_out *out, slice text);

#endif
