/** What tests share: seeded properties, the purity check over compiled classes, builders and scenario runners. */
@NullMarked
package io.millrace.testkit;

import org.jspecify.annotations.NullMarked;
