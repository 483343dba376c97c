package io.millrace.simulator.campaign;

/**
 * How a story failed.
 *
 * @param kind    its sentence without the numbers and without what follows the first half sentence: two stories that fail alike share it
 * @param message the whole of it
 */
record Failure(String kind, String message) {
    private static final int MOST_CHARS = 90;

    static Failure of(Throwable thrown) {
        String message = thrown instanceof AssertionError && thrown.getMessage() != null
                ? thrown.getMessage()
                : thrown.toString();
        int end = message.indexOf(';');
        String kind = (end < 0 ? message : message.substring(0, end))
                .replaceAll("\\d+(, ?\\d+)*", "#")
                .replaceAll("client-#/#|member-#|committing-#", "somebody");
        return new Failure(kind.substring(0, Math.min(MOST_CHARS, kind.length())), message);
    }
}
