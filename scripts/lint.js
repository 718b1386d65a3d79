/** What oxlint has no rule for. */
const noCurrentDate = {
  create: (context) => ({
    'NewExpression[callee.name="Date"][arguments.length=0]'(node) {
      context.report({ node, message: "`new Date()` reads the wall clock. Use the engine's clock." });
    },
  }),
};

const noAny = {
  create: (context) => ({
    // The default of a data or result type is BullMQ's own `any`: its users' programs need it.
    ':not(TSTypeParameter) > TSAnyKeyword'(node) {
      context.report({ node, message: '`any` turns the compiler off. Use `unknown` until the value is decoded.' });
    },
  }),
};

export default {
  meta: { name: 'local' },
  rules: { 'no-any': noAny, 'no-current-date': noCurrentDate },
};
