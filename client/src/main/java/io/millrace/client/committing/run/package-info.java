/** Asks a group's coordinator on the lane of the client. */
@org.jspecify.annotations.NullMarked
package io.millrace.client.committing.run;
