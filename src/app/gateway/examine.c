/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/gateway/inside.h"
#include "edge/handover/handover.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * examine: what failed of a message goes to the examiner, and nothing comes back.
 *
 * Nothing here waits, and nothing is kept: where the examiner is behind, a message goes without.
 */
enum { HEAD_BYTES = CAPTURE_OCTETS_MAX - CAPTURE_BODY_MAX };

static bool write_body(int text, const struct intake_failed *failed)
{
    bool good = true;
    const struct capture_piece *piece = failed->capture.has_body ? failed->body : NULL;
    for (; good && piece != NULL; piece = piece->next) {
        good = handover_write(text, slice_of(piece->octets, piece->length));
    }
    return good;
}

static void hand_over(struct gateway *gateway, slice head,
                      const struct intake_failed *failed)
{
    enum yett_err err = YETT_IO;
    int text = handover_new();
    if (text >= 0 && handover_write(text, head) && write_body(text, failed)) {
        log_flush(gateway->log); /* the message's own line comes first */
        err = handover_send(ROLE_EXAMINER, text);
    }
    if (err != YETT_OK) {
        tell_unexamined(gateway, err == YETT_LIMIT
                                     ? SLICE("more fails at once than can be looked into")
                                     : slice_from_text(strerror(errno)));
    }
    if (text >= 0) {
        (void)close(text);
    }
}

void examine_failed(struct gateway *gateway, const struct intake *intake)
{
    struct intake_failed failed;
    struct buf head;
    if (!gateway->has_examiner || !intake_failed_signatures(intake, &failed)) {
        return;
    }
    if (!share_take(gateway, failed.client)) {
        tell_unexamined(
            gateway, SLICE("its network has had its share, and sends over 20 a minute"));
        return;
    }
    struct arena_mark mark = arena_mark(gateway->lines);
    buf_init(&head, gateway->lines, HEAD_BYTES);
    enum yett_err err = capture_write(&failed.capture, &head);
    if (err == YETT_OK) {
        hand_over(gateway, buf_slice(&head), &failed);
    } else {
        tell_unexamined(gateway, err == YETT_LIMIT
                                     ? SLICE("its header is larger than is looked into")
                                     : SLICE("out of memory"));
    }
    arena_rewind(gateway->lines, mark);
}
