package io.millrace.compatibility;

/** Whose client it is. */
enum ClientKind {
    OURS,
    OFFICIAL
}
