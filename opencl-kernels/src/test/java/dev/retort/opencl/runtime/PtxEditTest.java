package dev.retort.opencl.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// What becomes of a compiled text.
class PtxEditTest {
    private static final String TEXT = """
            .version 9.0
            .target sm_90, texmode_independent
            .entry product(
            	.param .u64 product_param_0
            )
            .reqntid 256, 1, 1
            {
            	// begin inline asm
            	//@entry .maxnreg 128
            	// end inline asm
            	//@ wgmma.fence.sync.aligned;
            	ret;
            }
            """;

    @Test
    void instructionsDirectivesAndTarget() {
        byte[] edited = PtxEdit.edited((TEXT + "\0\0").getBytes(StandardCharsets.ISO_8859_1));
        assertThat(new String(edited, StandardCharsets.ISO_8859_1)).isEqualTo("""
                .version 9.0
                .target sm_90a, texmode_independent
                .entry product(
                	.param .u64 product_param_0
                )
                .reqntid 256, 1, 1
                .maxnreg 128
                {
                	// begin inline asm
                	// end inline asm
                	 wgmma.fence.sync.aligned;
                	ret;
                }
                \0""");
    }

    @Test
    void otherBinariesAreLeftAlone() {
        assertThat(PtxEdit.edited(new byte[] {0x7F, 'E', 'L', 'F', 0})).isNull();
        assertThat(PtxEdit.edited(TEXT.replace("sm_90", "sm_89").getBytes(StandardCharsets.ISO_8859_1)))
                .isNull();
        assertThat(PtxEdit.edited(new byte[0])).isNull();
    }
}
