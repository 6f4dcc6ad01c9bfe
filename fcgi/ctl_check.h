/*
 * ctl_check: the proof of isolation, asked for by an operator.
 */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

#include "ctl_args.h"

/* 0: proven; 1: there are findings, printed one a line. */
int ctl_check(struct ctl *c);

#endif
