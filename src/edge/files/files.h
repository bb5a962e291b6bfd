/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef YETT_EDGE_FILES_FILES_H
#define YETT_EDGE_FILES_FILES_H
#endif
