/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/cli/key.h"

#include <signal.h>
#include <unistd.h>

/*
 * key_stop: a command that is stopped from outside (^C, a terminal that is closed, a shutdown)
 * says how it goes on, and ends as it would have.
 *
 * Nothing has to be put in order: files and states are changed in one step each, the kernel
 * lets go of the lock and ends the asker, and what was sent to a name server is found there
 * the next time.
 */

static void on_signal(int number)
{
    static const char sentence[] =
        "\nstopped; nothing is half done: the same command goes on from here\n";
    ssize_t unheard = write(STDERR_FILENO, sentence, sizeof sentence - 1);
    (void)unheard;
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* its own end, as soon as this returns */
}

void key_tell_stop(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction before;
        struct sigaction action = {.sa_handler = on_signal};
        (void)sigfillset(&action.sa_mask);
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) {
            (void)sigaction(signals[i], &action, NULL); /* else as with nohup(1) */
        }
    }
}
