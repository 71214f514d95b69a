// Our own styles: the report's, which stand inside its page, and the served pages'.
export default {
  extends: "stylelint-config-recommended",
  ignoreFiles: ["**/uplot/**"],
  rules: {
    // base.css is for both pages, report.css and site.css add to it, and media queries stand beside
    // what they change: what is more specific need not come later.
    "no-descending-specificity": null,
    "alpha-value-notation": "number",
    "color-hex-length": "short",
    "declaration-block-no-redundant-longhand-properties": true,
    "font-family-name-quotes": "always-where-recommended",
    "function-url-quotes": "always",
    "length-zero-no-unit": true,
    "number-max-precision": 3,
    "selector-pseudo-element-colon-notation": "double",
    "shorthand-property-no-redundant-values": true,
    "value-keyword-case": "lower",
  },
};
