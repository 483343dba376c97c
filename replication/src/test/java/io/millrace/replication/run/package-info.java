@NullMarked
package io.millrace.replication.run;

import org.jspecify.annotations.NullMarked;
