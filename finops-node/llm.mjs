// The same functions for `import`.
import llm from "./llm.js";

export const { meteredLlm, tokenProperties } = llm;
