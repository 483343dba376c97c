@NullMarked
package io.millrace.simulator.campaign;

import org.jspecify.annotations.NullMarked;
