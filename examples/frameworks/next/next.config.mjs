export default {
  serverExternalPackages: ['rxjs-threading'],
};
