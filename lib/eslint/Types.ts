import { join } from 'node:path';
import type { ParserServicesWithTypeInformation, TSESTree } from '@typescript-eslint/utils';
import type { Declaration, Type, TypeReference } from 'typescript';

/** The root of this package, whose declarations are known by where they stand. */
const PACKAGE = join(__dirname, '../..');

/** What types say of expressions: of RxJS's, of this library's. */
export class Types {
  constructor(private readonly services: ParserServicesWithTypeInformation) {}

  of(node: TSESTree.Node): Type {
    return this.services.getTypeAtLocation(node);
  }

  /** The name under which RxJS exports the function that is called, whatever it is called here. */
  rxjsName(call: TSESTree.CallExpression): string | undefined {
    return this.nameOf(call.callee, ({ fileName }) => /[\\/]rxjs[\\/]/.test(fileName));
  }

  /** As {@link Types.rxjsName}, for this library's functions. */
  libraryName(call: TSESTree.CallExpression): string | undefined {
    return this.nameOf(call.callee, isOurs);
  }

  isConnection(type: Type): boolean {
    return this.partsOf(type).some((part) => {
      const symbol = part.getSymbol();
      if (symbol?.name === 'Connection' && declaredIn(symbol.declarations, isOurs)) return true;
      return (
        part.isClassOrInterface() &&
        (part.getBaseTypes() ?? []).some((base) => this.isConnection(base))
      );
    });
  }

  isObservable(type: Type): boolean {
    return type.getProperty('pipe') !== undefined && type.getProperty('subscribe') !== undefined;
  }

  /** The types that a union consists of; what a type parameter extends. */
  partsOf(type: Type): readonly Type[] {
    const { checker } = this;
    const known = checker.getBaseConstraintOfType(type) ?? type;
    return known.isUnionOrIntersection()
      ? known.types.flatMap((part) => this.partsOf(part))
      : [known];
  }

  /** What a function returns, in each of its forms. */
  returnedBy(type: Type): readonly Type[] {
    return type.getCallSignatures().map((signature) => signature.getReturnType());
  }

  /** Says nothing: `any` and `unknown`. */
  isOpen(type: Type): boolean {
    const { checker } = this;
    return type === checker.getAnyType() || type === checker.getUnknownType();
  }

  isNever(type: Type): boolean {
    return type === this.checker.getNeverType();
  }

  /** The first argument of a generic type: of `OperatorFunction<T, R>`, what it is given. */
  argumentOf(type: Type): Type | undefined {
    return this.checker.getTypeArguments(type as TypeReference)[0];
  }

  private get checker(): ReturnType<
    ParserServicesWithTypeInformation['program']['getTypeChecker']
  > {
    return this.services.program.getTypeChecker();
  }

  private nameOf(callee: TSESTree.Node, isWanted: (file: File) => boolean): string | undefined {
    const symbol = this.of(callee).getSymbol();
    return symbol !== undefined && declaredIn(symbol.declarations, isWanted)
      ? symbol.name
      : undefined;
  }
}

interface File {
  readonly fileName: string;
}

function declaredIn(
  declarations: readonly Declaration[] | undefined,
  isWanted: (file: File) => boolean,
): boolean {
  return declarations?.some((declaration) => isWanted(declaration.getSourceFile())) ?? false;
}

/** Of an installed copy, or of this one. */
function isOurs({ fileName }: File): boolean {
  return /[\\/]rxjs-libevent[\\/]/.test(fileName) || fileName.startsWith(PACKAGE);
}
