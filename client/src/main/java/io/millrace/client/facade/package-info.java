/** What the façades of producer and consumer have in common: how they meet the threads of an application. */
@org.jspecify.annotations.NullMarked
package io.millrace.client.facade;
